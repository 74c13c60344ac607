import AWSClient
import Foundation
import Ledger
import Synchronization
import Testing

@testable import Worker

@Suite("The heart beats while work is in hand")
struct HeartbeatTests {
    /// Runs a heartbeat for so many sleeps, and answers how long they were.
    private func beat(
        _ it: Pipeline,
        held: HeldMessages,
        visibility: Duration = .seconds(30),
        times: Int
    ) async throws -> [Duration] {
        let slept = Mutex<[Duration]>([])
        let queue = WorkQueue(sqs: try it.aws.session().sqs(queueURL: Name.queueURL), url: Name.queueURL)
        let heartbeat = Heartbeat(
            queue: queue,
            writer: it.writer,
            held: held,
            visibility: visibility,
            clock: it.time.clock { duration in
                let count = slept.withLock {
                    $0.append(duration)
                    return $0.count
                }
                if count > times { throw CancellationError() }
                it.time.advance(duration)
            },
            logger: .silent
        )
        await heartbeat.run(lease: WorkerOptions.lease) { _ in }
        return slept.withLock { Array($0.dropLast()) }
    }

    @Test(
        "It beats three times in the shorter of visibility and lease, at most once a second",
        arguments: [(30, 10), (600, 20), (3, 1), (0, 1)]
    )
    func period(visibility: Int, seconds: Int) async throws {
        let slept = try await beat(try Pipeline(), held: HeldMessages(), visibility: .seconds(visibility), times: 3)
        #expect(slept == Array(repeating: .seconds(seconds), count: 3))
    }

    @Test("It extends the visibility of each message in hand, ten in a call, and the lease of each claim")
    func extends() async throws {
        let it = try Pipeline()
        let held = HeldMessages()
        let ids = (1...12).map { "m\($0)" }
        it.aws.with { $0.queues[Name.queueURL] = ids.map { .init(id: $0, body: "") } }
        for id in ids { held.take(it.message("", id: id), at: it.time.now) {} }
        let facts = EventFacts(eventID: Name.event, eventName: "x")
        let now = it.time.now
        let claimed = try await it.writer.write {
            try $0.claim(facts, delivery: Delivery(messageID: "m1", receivedAt: now))
        }
        guard case .run(let claim) = claimed else { throw CancellationError() }
        held.note(claim, for: it.message("", id: "m1"))

        _ = try await beat(it, held: held, times: 7)
        #expect(it.aws.with { Set($0.visibilities.map(\.id)) } == Set(ids))
        #expect(it.aws.with { $0.visibilities.allSatisfy { $0.seconds == 30 } })
        #expect(it.aws.with { $0.visibilities.count } == 7 * 12)
        #expect(it.aws.count(of: "ChangeMessageVisibilityBatch") < 7 * 12)

        // Seventy seconds later the claim of sixty still holds.
        let later = it.time.now
        let second = try await it.writer.write {
            try $0.claim(facts, delivery: Delivery(messageID: "m2", receivedAt: later))
        }
        #expect(second == .held(until: later.addingTimeInterval(60)))
    }

    @Test("Trouble with a beat is not the end of it, and nothing in hand is no call")
    func trouble() async throws {
        let it = try Pipeline()
        _ = try await beat(it, held: HeldMessages(), times: 3)
        #expect(it.aws.with { $0.calls }.isEmpty)
        let held = HeldMessages()
        it.aws.with {
            $0.queues[Name.queueURL] = [.init(id: "m1", body: "")]
            $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)]
        }
        held.take(it.message("", id: "m1"), at: it.time.now) {}
        _ = try await beat(it, held: held, times: 2)
        #expect(it.aws.with { $0.visibilities.count } == 1)
    }

    @Test(
        "A message whose handle is lost stops being worked on, unless only its delete is left",
        arguments: [true, false]
    )
    func lostHandle(isDone: Bool) async throws {
        let it = try Pipeline()
        let held = HeldMessages()
        it.aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (1, true) }
        let lost = StopSignal()
        held.take(it.message("", id: "m1"), at: it.time.now) { lost.request() }
        if isDone { held.noteDone(it.message("", id: "m1")) }
        _ = try await beat(it, held: held, times: 1)
        #expect(lost.isRequested == !isDone)
        #expect(held.all.isEmpty == !isDone)
    }

    @Test("A message whose event another worker took over stops being worked on")
    func lostClaim() async throws {
        let it = try Pipeline()
        let held = HeldMessages()
        it.aws.with { $0.queues[Name.queueURL] = [.init(id: "m1", body: "")] }
        let lost = StopSignal()
        held.take(it.message("", id: "m1"), at: it.time.now) { lost.request() }
        held.note(Claim(eventID: Name.event, fence: 7, attempt: 1), for: it.message("", id: "m1"))
        _ = try await beat(it, held: held, times: 1)
        #expect(lost.isRequested)
    }

    @Test("No extension reaches beyond SQS's twelve hours, and after them the message is let go")
    func twelveHours() async throws {
        let it = try Pipeline()
        let held = HeldMessages()
        it.aws.with { $0.queues[Name.queueURL] = [.init(id: "m1", body: "")] }
        let lost = StopSignal()
        held.take(it.message("", id: "m1"), at: it.time.now - 43_175) { lost.request() }
        _ = try await beat(it, held: held, times: 3)
        #expect(it.aws.with { $0.visibilities.map(\.seconds) } == [14, 4])
        #expect(lost.isRequested)
    }
}
