import AWSClient
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The letters that a pass has in hand stay hidden while it works, and are visible again when it ends.
@Suite struct HeldLettersTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS
    private let held: HeldLetters

    init() throws {
        aws = ScriptedAWS(time: time)
        held = HeldLetters(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
    }

    /// A letter in the queue, hidden as a receive hides it.
    private func letter(_ id: String, handle: String? = nil) -> SQSMessage {
        let visibleAt = time.now + 30
        aws.with { world in
            var message = ScriptedAWS.Queued(id: handle ?? id, body: "")
            message.visibleAt = visibleAt
            world.queues[Name.deadLetterURL, default: []].append(message)
        }
        return SQSMessage(messageID: id, receiptHandle: handle ?? id, body: "")
    }

    private var hidden: Int {
        let now = time.now
        return aws.with { $0.queues[Name.deadLetterURL, default: []].count { $0.visibleAt > now } }
    }

    @Test func `a letter is held once, also when it was received twice, and given back by its newest handle`() async {
        held.take([letter("m1", handle: "first"), letter("m2")])
        held.take([letter("m1", handle: "second")])
        #expect(held.count == 2)
        #expect(await held.giveBack().left == 0)
        #expect(Set(aws.with { $0.visibilities.map(\.id) }) == ["second", "m2"])
    }

    @Test func `a letter that was removed is not given back`() async {
        let removed = letter("m1")
        held.take([removed, letter("m2")])
        held.drop(removed)
        #expect(held.count == 1)
        #expect(await held.giveBack().left == 0)
        #expect(aws.with { $0.visibilities.map(\.id) } == ["m2"])
    }

    @Test func `nothing in hand costs no call`() async {
        #expect(await held.giveBack().left == 0)
        #expect(aws.with { $0.calls.isEmpty })
    }

    @Test func `a hundred letters and more are given back in calls of ten`() async {
        held.take((1...103).map { letter("m\($0)") })
        #expect(hidden == 103)
        #expect(await held.giveBack().left == 0)
        #expect(hidden == 0)
        #expect(aws.count(of: "ChangeMessageVisibilityBatch") == 11)
    }

    @Test func `entries that SQS refuses are counted in all calls, and the last error is told`() async throws {
        held.take((1...95).map { letter("m\($0)") })
        aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (95, false) }
        let (left, error) = await held.giveBack()
        #expect(left == 95 && (error as? BatchEntryFailure)?.code == "Broken")
    }

    @Test func `a call that is refused leaves all its letters hidden, and the others are given back`() async throws {
        held.take((1...20).map { letter("m\($0)") })
        aws.with { $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)] }
        let (left, error) = await held.giveBack()
        #expect(left == 10 && (error as? AWSServiceError)?.code == "AccessDenied")
        #expect(hidden == 10)
    }

    @Test func `they are hidden again after each third of their time, until the pass ends`() async {
        held.take([letter("m1"), letter("m2")])
        let sleeps = Mutex<[Duration]>([])
        let clock = time.clock { [time] duration in
            let count = sleeps.withLock { sleeps in
                sleeps.append(duration)
                return sleeps.count
            }
            if count > 3 { throw CancellationError() }
            time.advance(duration)
        }
        await held.keepHidden(clock: clock)
        #expect(sleeps.withLock(\.self) == Array(repeating: .seconds(10), count: 4))
        #expect(aws.with { $0.visibilities.map(\.seconds) } == Array(repeating: 30, count: 6))
        #expect(hidden == 2)
    }
}
