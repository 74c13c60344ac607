import AWSClient
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A pass over the dead-letter queue holds what it reads, gives it back, and says what it could not do.
@Suite struct DeadLetterPassTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS

    init() {
        aws = ScriptedAWS(time: time)
    }

    private func queue(_ url: String = Name.deadLetterURL, clock: WorkerClock = .system) throws -> DeadLetterQueue {
        DeadLetterQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: url, clock: clock)
    }

    private func bury(
        _ ids: [String],
        in url: String = Name.deadLetterURL,
        _ change: (inout ScriptedAWS.Queued) -> Void = { _ in }
    ) {
        for id in ids {
            var message = ScriptedAWS.Queued(id: id, body: RecordText(eventID: "event-\(id)", time: time.now).json)
            change(&message)
            aws.with { [message] in $0.queues[url, default: []].append(message) }
        }
    }

    private func ids(in url: String) -> [String] {
        aws.with { $0.queues[url, default: []].map(\.id) }
    }

    @Test func `what is read is hidden for 30 seconds, so that a killed pass hides nothing for longer`() async throws {
        bury(["m1"])
        let visibleAt = Mutex<Date?>(nil)
        try await queue().list(DeadLetterFilter()) { _ in
            visibleAt.withLock { $0 = aws.with { $0.queues[Name.deadLetterURL]?.first?.visibleAt } }
        }
        #expect(visibleAt.withLock(\.self) == time.now + 30)
    }

    @Test func `while a pass works, it keeps what it holds hidden`() async throws {
        bury(["m1", "m2"])
        let sleeps = Mutex(0)
        // The first third of the visibility timeout passes at once, the next never.
        let clock = time.clock { duration in
            let count = sleeps.withLock {
                $0 += 1
                return $0
            }
            try await time.sleep(count == 1 ? duration : VirtualTime.endless)
        }
        try await queue(clock: clock).replay(DeadLetterFilter(eventID: "event-m1"), to: Name.queueURL) { _ in
        }
        // The extension runs beside the pass. It may come before, between or after the letters.
        let extensions = aws.with { $0.visibilities.filter { $0.seconds == 30 }.count }
        #expect(extensions <= 2)
        #expect(aws.with { $0.visibilities.last?.id } == "m2" && aws.with { $0.visibilities.last?.seconds } == 0)
    }

    @Test func `a stop ends the pass after the letter in hand, and everything is given back`() async throws {
        bury((1...12).map { "m\($0)" })
        let stop = StopSignal()
        var shown = 0
        try await queue().list(DeadLetterFilter(), stop: stop) { _ in
            shown += 1
            if shown == 2 { stop.request() }
        }
        #expect(shown == 2)
        #expect(aws.with { $0.visibilities.count } == 5, "the first receive's")
        #expect(aws.with { $0.queues[Name.deadLetterURL, default: []].allSatisfy { $0.visibleAt <= time.now } })
    }

    @Test func `without the right to give back, the pass says what stays hidden and why`() async throws {
        bury(["m1", "m2", "m3"])
        aws.with {
            $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)]
        }
        var troubles: [String] = []
        try await queue().list(DeadLetterFilter()) {
            troubles.append("\($0)")
        } show: { _ in
        }
        let line = try #require(troubles.first { $0.contains("given back") })
        #expect(line.hasPrefix("3 that were read stay hidden for up to 30 s"))
        #expect(line.contains("AccessDenied") && line.contains("allow sqs:ChangeMessageVisibility"))
    }

    @Test func `what a FIFO queue holds back is counted, not passed over in silence`() async throws {
        let url = Name.deadLetterURL + ".fifo"
        bury((1...8).map { "m\($0)" }, in: url) { $0.system["MessageGroupId"] = "g" }
        aws.with { $0.attributes["ApproximateNumberOfMessages"] = "3" }
        var troubles: [String] = []
        var shown = 0
        try await queue(url).list(DeadLetterFilter()) {
            troubles.append("\($0)")
        } show: { _ in
            shown += 1
        }
        #expect(shown == 5)
        #expect(troubles.count == 1 && troubles.allSatisfy { $0.hasPrefix("about 3 more could not be shown: a FIFO") })
    }

    @Test func `what others hide is counted without what the pass itself holds`() async throws {
        bury(["m1", "m2"])
        aws.with { $0.attributes["ApproximateNumberOfMessagesNotVisible"] = "7" }
        var troubles: [String] = []
        try await queue().list(DeadLetterFilter()) {
            troubles.append("\($0)")
        } show: { _ in
        }
        #expect(troubles.count == 1 && troubles.allSatisfy { $0.hasPrefix("5 more are hidden by another reader") })
    }

    @Test func `at most five messages are fetched at once, since ten of the largest are more than the client holds`()
        async throws
    {
        bury((1...10).map { "m\($0)" })
        try await queue().list(DeadLetterFilter()) { _ in }
        #expect(aws.count(of: "ReceiveMessage") == 3)
    }

    @Test func `a queue that hands out the same letters for ever ends the pass`() async throws {
        // Nothing can be hidden here: the clock of the queue runs ahead with each receive.
        let restless = ScriptedAWS(time: time) { [time] action in
            if action == "ReceiveMessage" { time.advance(.seconds(31)) }
        }
        let message = ScriptedAWS.Queued(id: "m1", body: "no JSON")
        restless.with { [message] in $0.queues[Name.deadLetterURL] = [message] }
        let queue = DeadLetterQueue(sqs: try restless.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
        var shown = 0
        try await queue.list(DeadLetterFilter()) { _ in shown += 1 }
        #expect(shown == 1)
        #expect(restless.count(of: "ReceiveMessage") == 11)
    }

    @Test func `a letter that SQS refuses is named and stays, and the others are replayed`() async throws {
        bury(["m1", "m2", "m3"])
        aws.with { $0.refusals["SendMessage"] = [.sqsError("InvalidMessageContents")] }
        var troubles: [PassTrouble] = []
        var done: [String] = []
        let matches = try await queue().replay(DeadLetterFilter(), to: Name.queueURL) {
            troubles.append($0)
        } done: {
            done.append($0.messageID)
        }
        #expect(matches == 3)
        #expect(done == ["m2", "m3"])
        #expect(ids(in: Name.deadLetterURL) == ["m1"])
        #expect(troubles.count == 1 && troubles.allSatisfy(\.isFailure))
        #expect(troubles.first?.description.hasPrefix("message m1 (event event-m1) was not sent and stays") == true)
    }

    @Test(arguments: [9, 10])
    func `a letter with ten attributes of its own is replayed without the count`(count: Int) async throws {
        bury(["m1"]) { letter in
            for number in 1...count { letter.attributes["own\(number)"] = .string("x") }
        }
        bury(["m2"])
        try await queue().replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        let moved = aws.with { $0.queues[Name.queueURL, default: []] }
        #expect(moved.map(\.attributes.count) == [10, 1])
        #expect(moved.map { $0.attributes["SgRevertReplayCount"]?.stringValue } == [count == 10 ? nil : "1", "1"])
        #expect(ids(in: Name.deadLetterURL).isEmpty)
    }

    @Test(arguments: [
        ("9223372036854775807", "1"), ("1001", "1"), ("-1", "1"), ("x", "1"), ("", "1"), ("4", "5"),
        ("999", "1000"),
        ("1000", "1000"),
    ]
    )
    func `a replay count that no replay can have written counts as none, and a count never passes 1,000`(
        text: String,
        next: String
    ) async throws {
        bury(["m1"]) { $0.attributes["SgRevertReplayCount"] = .init(dataType: "Number", stringValue: text) }
        try await queue().replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        let moved = aws.with { $0.queues[Name.queueURL, default: []] }
        #expect(moved.map { $0.attributes["SgRevertReplayCount"]?.stringValue } == [next])
    }

    @Test func `an error of a queue names the queue and the setting`() async throws {
        bury(["m1"])
        aws.with { $0.refusals["SendMessage"] = [.sqsError("QueueDoesNotExist")] }
        await #expect {
            try await queue().replay(DeadLetterFilter(), to: Name.queueURL) { _ in }
        } throws: { error in
            "\(error)" == "queue \(Name.queueURL) does not exist: check --queue-url, or create the queue"
        }
        aws.with { $0.refusals["ReceiveMessage"] = [.sqsError("AccessDenied", status: 403)] }
        await #expect {
            try await queue().list(DeadLetterFilter()) { _ in }
        } throws: { error in
            let line = "\(error)"
            return line.contains(Name.deadLetterURL) && line.contains("AccessDenied")
                && line.contains("--dead-letter-queue-url")
        }
    }

    @Test func `an attribute that is called like a column hides no column`() async throws {
        bury(["m1"]) {
            $0.attributes["event_id"] = .string("forged")
            $0.attributes["body"] = .string("forged")
        }
        try await queue().list(DeadLetterFilter()) { letter in
            let names = letter.details.map(\.name)
            #expect(Set(names).count == names.count)
            #expect(names.contains("attribute:event_id") && names.last == "body")
        }
    }
}
