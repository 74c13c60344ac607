import AWSClient
import Foundation
import Ledger
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// Commands on the dead-letter queue when letters are large, when SQS refuses, and when they are to be deleted.
@Suite struct DeadLetterCommandTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS

    init() {
        aws = ScriptedAWS(time: time)
    }

    private func queue(_ url: String = Name.deadLetterURL, clock: WorkerClock? = nil) throws -> DeadLetterQueue {
        // The letters are kept hidden by a clock of their own: it never ticks here.
        DeadLetterQueue(
            sqs: try aws.session().sqs(queueURL: Name.queueURL),
            url: url,
            clock: clock ?? time.endlessClock
        )
    }

    private func bury(_ ids: [String], group: String? = nil) {
        for id in ids {
            var message = ScriptedAWS.Queued(id: id, body: RecordText(eventID: "event-\(id)", time: time.now).json)
            message.system["MessageGroupId"] = group
            aws.with { [message] in $0.queues[Name.deadLetterURL, default: []].append(message) }
        }
    }

    /// A clock on which the pass's own sleeps end at once, and are noted.
    private func passing(_ note: @escaping @Sendable (Duration) -> Void) -> WorkerClock {
        time.clock { [time] duration in
            // The letters are kept hidden beside the pass, after each third of their time.
            guard duration != .seconds(HeldLetters.hiddenSeconds) / 3 else {
                return try await time.sleep(VirtualTime.endless)
            }
            note(duration)
            time.advance(duration)
        }
    }

    private var left: [String] { aws.with { $0.queues[Name.deadLetterURL, default: []].map(\.id) } }

    @Test func `letters that are too large together are fetched fewer at a time`() async throws {
        bury((1...4).map { "m\($0)" })
        aws.with { $0.mostMessages = 1 }
        var shown: [String] = []
        try await queue(clock: passing { _ in }).list(DeadLetterFilter()) { shown.append($0.messageID) }
        #expect(shown == ["m1", "m2", "m3", "m4"])
        // Five, two, then one at a time.
        #expect(aws.with { $0.tooLarge } == 2)
    }

    @Test func `the letters that SQS hid with a response that was too large are waited for once`() async throws {
        bury(["m1"])
        aws.with { $0.mostMessages = 1 }
        let sleeps = Mutex<[Duration]>([])
        var shown = 0
        try await queue(clock: passing { duration in sleeps.withLock { $0.append(duration) } }).list(DeadLetterFilter())
        { _ in shown += 1 }
        #expect(shown == 1)
        #expect(sleeps.withLock(\.self) == [.seconds(31)])
    }

    @Test func `one letter that is too large by itself is an error`() async throws {
        bury(["m1"])
        aws.with { $0.mostMessages = 0 }
        await #expect {
            try await queue().list(DeadLetterFilter()) { _ in }
        } throws: { error in
            ((error as? QueueTrouble)?.underlying as? AWSClientError)?.isTooLarge == true
        }
        #expect(aws.with { $0.tooLarge } == 3)
    }

    @Test func `a discard deletes what its filter means, and gives back the rest`() async throws {
        bury(["m1", "m2", "m3"])
        var done: [String] = []
        let matches = try await queue().discard(DeadLetterFilter(eventID: "event-m2")) { done.append($0.messageID) }
        #expect(matches == 1 && done == ["m2"])
        #expect(left == ["m1", "m3"])
        #expect(aws.with { $0.queues[Name.deadLetterURL, default: []].allSatisfy { $0.visibleAt <= time.now } })
    }

    @Test func `a letter that SQS does not delete is named, and the others are deleted`() async throws {
        bury(["m1", "m2"])
        aws.with { $0.entryFailures["DeleteMessageBatch"] = (1, true) }
        var troubles: [PassTrouble] = []
        var done: [String] = []
        try await queue().discard(DeadLetterFilter()) {
            troubles.append($0)
        } done: {
            done.append($0.messageID)
        }
        #expect(done == ["m2"] && left == ["m1"])
        #expect(troubles.map(\.isFailure) == [true])
        #expect(
            troubles.first?.description.hasPrefix(
                "message m1 (event event-m1) was not deleted from the dead-letter queue: "
            ) == true
        )
    }

    @Test func `a letter that was sent and not deleted is named as such, and not sent again`() async throws {
        bury(["m1"])
        aws.with { $0.entryFailures["DeleteMessageBatch"] = (1, true) }
        var troubles: [String] = []
        try await queue().replay(DeadLetterFilter(), to: Name.queueURL) {
            troubles.append("\($0)")
        } done: { _ in
        }
        #expect(troubles.count == 1 && troubles.allSatisfy { $0.contains("was sent but not deleted") })
        #expect(aws.count(of: "SendMessage") == 1)
        #expect(left == ["m1"])
    }

    @Test(arguments: [2.0, 0.5])
    func `a replay sends no more messages a second than it may`(rate: Double) async throws {
        bury(["m1", "m2", "m3"])
        let start = time.now
        let letters = try queue()
        try await letters.replay(DeadLetterFilter(), to: Name.queueURL, rate: rate, clock: time.clock) { _ in }
        #expect(abs(time.now.timeIntervalSince(start) - 3 / rate) < 0.01)
    }

    @Test func `the number of letters is what SQS says, and none where it says nothing`() async throws {
        #expect(try await queue().approximateCount() == 0)
        aws.with { $0.attributes["ApproximateNumberOfMessages"] = "12" }
        #expect(try await queue().approximateCount() == 12)
        aws.with { $0.refusals["GetQueueAttributes"] = [.sqsError("QueueDoesNotExist")] }
        let error = await #expect(throws: QueueTrouble.self) { try await queue().approximateCount() }
        #expect(error.map { "\($0)" }?.contains("--dead-letter-queue-url") == true)
    }

    @Test func `counts that SQS refuses to tell are left out of what the pass reports`() async throws {
        bury(["m1"])
        aws.with { $0.refusals["GetQueueAttributes"] = [.sqsError("AccessDenied", status: 403)] }
        var troubles: [String] = []
        try await queue().list(DeadLetterFilter()) {
            troubles.append("\($0)")
        } show: { _ in
        }
        #expect(troubles.isEmpty)
    }

    @Test(arguments: [(nil, "sg-revert", "m9"), ("g", "g", "m9")] as [(String?, String, String)])
    func `a FIFO queue gets a group and an id also for a message that has none`(
        group: String?,
        sentGroup: String,
        id: String
    ) {
        let message = SQSMessage(
            messageID: "m9",
            receiptHandle: "m9",
            body: "",
            systemAttributes: group.map { ["MessageGroupId": $0] } ?? [:]
        )
        let fifo = MessageOrder(of: message, to: Name.deadLetterURL + ".fifo") { nil }
        #expect(fifo.groupID == sentGroup && fifo.deduplicationID == id)
        let standard = MessageOrder(of: message, to: Name.deadLetterURL) { "own" }
        #expect(standard.groupID == group && standard.deduplicationID == nil)
    }

    @Test func `an attribute with bytes is shown as base64`() async throws {
        bury(["m1"])
        aws.with {
            $0.queues[Name.deadLetterURL]?[0].attributes["bytes"] = .init(
                dataType: "Binary",
                binaryValue: Data([1, 2, 3])
            )
        }
        var found: String?
        try await queue().list(DeadLetterFilter()) { letter in
            found = letter.details.first { $0.name == "bytes" }?.value.text
        }
        #expect(found == "AQID")
    }
}
