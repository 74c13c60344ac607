import AWSClient
import Foundation
import Ledger
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The heart beats while work is in hand.
@Suite struct HeartbeatTests {
    private let it: Pipeline
    private let hand = Hand(intake: Intake())
    private let log = Log()

    init() throws {
        it = try Pipeline()
    }

    /// Runs a heartbeat for so many seconds, one beat in each.
    private func beat(seconds: Int, visibility: Duration = .seconds(30), sqs: SQSClient? = nil) async throws {
        let count = Mutex(0)
        let sqs = try sqs ?? it.session.sqs(queueURL: Name.queueURL)
        let queue = WorkQueue(sqs: sqs, url: Name.queueURL)
        let time = it.time
        it.queueState.replace(with: .init(visibilityTimeout: visibility))
        let heartbeat = Heartbeat(
            queue: queue,
            claims: it.claims,
            hand: hand,
            queueState: it.queueState,
            clock: time.clock { duration in
                // What the beat before began is done before the next one.
                for _ in 1...20 { try? await Task.sleep(for: .milliseconds(2)) }
                let beats = count.withLock {
                    $0 += 1
                    return $0
                }
                if beats > seconds { throw CancellationError() }
                time.advance(duration)
            },
            logger: log.logger
        )
        await heartbeat.run(lease: WorkerOptions.lease) { _ in }
    }

    private func take(_ id: String, age: Duration = .zero, visibility: Duration = .seconds(30)) -> HeldMessage {
        it.aws.with { $0.queues[Name.queueURL, default: []].append(.init(id: id, body: "")) }
        let message = it.message("", id: id)
        let held = HeldMessage(message, receivedAt: it.time.instant - age, visibility: visibility)
        held.hide(since: it.time.instant, for: visibility)
        hand.take([held])
        return held
    }

    @Test func `each message in hand is hidden again after a third of its time, ten in a call`() async throws {
        for number in 1...12 { _ = take("m\(number)") }
        try await beat(seconds: 21)
        #expect(it.aws.with { $0.visibilities.count } == 2 * 12)
        #expect(it.aws.with { $0.visibilities.allSatisfy { $0.seconds == 30 } })
        #expect(it.aws.count(of: "ChangeMessageVisibilityBatch") == 2 * 2)
    }

    @Test func `what a short poll hid for five seconds is hidden for the usual time within two`() async throws {
        _ = take("m1", visibility: Receiver.idleVisibility)
        try await beat(seconds: 2)
        #expect(it.aws.with { $0.visibilities.map(\.seconds) } == [30])
    }

    @Test func `a queue that hides nothing is asked to hide what is in hand for 30 seconds`() async throws {
        _ = take("m1")
        try await beat(seconds: 10, visibility: .zero)
        #expect(it.aws.with { $0.visibilities.map(\.seconds) } == [30])
    }

    @Test func `the lease of a claim is renewed before it ends, and not at each beat`() async throws {
        let held = take("m1")
        let now = it.time.now
        let facts = EventFacts(eventID: Name.event, eventName: "x")
        let claimed = try await it.writer.write {
            try $0.claim(facts, delivery: Delivery(messageID: "m1", receivedAt: now))
        }
        guard case .run(let claim) = claimed else { throw CancellationError() }
        held.claimed(claim, at: it.time.instant)
        try await beat(seconds: 70)
        // Seventy seconds later the claim of sixty still holds.
        let later = it.time.now
        let second = try await it.writer.write {
            try $0.claim(facts, delivery: Delivery(messageID: "m2", receivedAt: later))
        }
        guard case .held = second else { throw CancellationError() }
    }

    @Test func `an extension is under way until SQS has answered, or has failed to`() async throws {
        let during = Mutex<[Bool]>([])
        let hand = hand
        let aws = ScriptedAWS(time: it.time) { action in
            if action == "ChangeMessageVisibilityBatch" {
                during.withLock { $0.append(hand.all.allSatisfy(\.isBeingExtended)) }
            }
        }
        aws.with { $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)] }
        let held = take("m1")
        try await beat(seconds: 21, sqs: aws.session().sqs(queueURL: Name.queueURL))
        #expect(during.withLock(\.self) == [true, true])
        #expect(!held.isBeingExtended)
    }

    @Test func `trouble with a beat is not the end of it`() async throws {
        it.aws.with { $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)] }
        _ = take("m1")
        try await beat(seconds: 21)
        #expect(it.aws.with { $0.visibilities.count } == 1)
    }

    @Test(arguments: [true, false]
    )
    func `a message whose handle is lost stops being worked on, unless only its delete is left`(
        isDone: Bool
    ) async throws {
        it.aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (1, true) }
        let held = take("m1")
        // Something else keeps the heart beating.
        _ = take("m2", visibility: .seconds(300))
        if isDone { held.done() }
        try await beat(seconds: 11)
        #expect(held.loss.hasHappened == !isDone)
        #expect(hand.all.count == (isDone ? 2 : 1))
    }

    @Test func `a message whose event another worker took over stops being worked on`() async throws {
        let held = take("m1")
        _ = take("m2")
        held.claimed(Claim(eventID: Name.event, fence: 7, attempt: 1), at: it.time.instant)
        try await beat(seconds: 21)
        #expect(held.loss.hasHappened)
        let slot = WorkSlot(loss: held.loss, clock: it.time.clock)
        await #expect(throws: MessageLost.self) { try await slot.wait(for: .seconds(1)) }
    }

    @Test func `a renewal that is answered beside the end of its run loses nothing and says nothing`() async throws {
        let (revoking, renewing, ended) = (Door(), Door(), Door())
        let updates = Mutex(0)
        let beats = Mutex(0)
        let fleet = try Fleet(standing: [1]) { action in
            if action == "RevokeSecurityGroupIngress" {
                revoking.open()
                await renewing.pass()
            }
            guard action == "UpdateItem" else { return }
            let number = updates.withLock { updates in
                updates += 1
                return updates
            }
            // The first one is the claim, and the second one is the renewal.
            guard number == 2 else { return }
            renewing.open()
            await ended.pass()
        }
        let (host, time) = (fleet.one, fleet.time)
        let message = host.message(fleet.record.json)
        let held = HeldMessage(message, receivedAt: time.instant, visibility: .seconds(300))
        hand.take([held])
        let heartbeat = Heartbeat(
            queue: WorkQueue(sqs: try host.session.sqs(queueURL: Name.queueURL), url: Name.queueURL),
            claims: host.claims,
            hand: hand,
            queueState: host.queueState,
            clock: time.clock { _ in
                let isFirst = beats.withLock { beats in
                    beats += 1
                    return beats == 1
                }
                await (isFirst ? revoking : ended).pass()
                if !isFirst { throw CancellationError() }
                time.advance(WorkerOptions.lease / 2)
            },
            logger: log.logger
        )
        async let beating: Void = heartbeat.run(lease: WorkerOptions.lease) { _ in }
        let slot = WorkSlot(loss: held.loss, clock: time.clock)
        let disposition = try await host.pipeline.process(held, slot: slot, stop: StopSignal(), logger: .silent)
        ended.open()
        await beating
        #expect(disposition == .delete)
        #expect(!held.loss.hasHappened && hand.all.count == 1 && log.texts.isEmpty)
        #expect(fleet.row?.leaseUntil == nil)
    }

    @Test func `no extension reaches beyond SQS's twelve hours, and after them the message is let go`() async throws {
        let held = take("m1", age: .seconds(43_175))
        _ = take("m2", visibility: .seconds(300))
        try await beat(seconds: 25)
        #expect(it.aws.with { $0.visibilities.filter { $0.id == "m1" }.allSatisfy { $0.seconds <= 14 } })
        #expect(held.loss.hasHappened)
    }

    @Test func `a call that is refused is one line for its messages, which are tried again`() async throws {
        _ = (take("m1"), take("m2"))
        it.aws.with { $0.refusals["ChangeMessageVisibilityBatch"] = [.sqsError("AccessDenied", status: 403)] }
        try await beat(seconds: 21)
        #expect(log.texts == ["warning: visibility not extended"])
        #expect(log.value("messages", of: "visibility not extended") == "2")
        #expect(it.aws.with { Set($0.visibilities.map(\.id)) } == ["m1", "m2"])
    }

    @Test func `an entry that fails by SQS's fault is a line, and its message is kept`() async throws {
        let held = take("m1")
        it.aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (1, false) }
        try await beat(seconds: 11)
        #expect(log.value("message.id", of: "visibility not extended") == "m1")
        #expect(!held.loss.hasHappened && hand.all.count == 1)
    }

    @Test func `an entry that fails by our own fault loses its message, with the reason`() async throws {
        // The other one keeps the heart beating.
        let held = [take("m1"), take("m2")]
        it.aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (1, true) }
        try await beat(seconds: 11)
        #expect(held.count { $0.loss.hasHappened } == 1)
        #expect(log.value("reason", of: "message lost, work on it stopped")?.contains("Broken") == true)
    }

    @Test func `leases that the ledger cannot renew are a line, and the work goes on`() async throws {
        let held = take("m1")
        held.claimed(Claim(eventID: Name.event, fence: 1, attempt: 1), at: it.time.instant)
        _ = try await it.writer.write { _ in }
        try it.test.execute("ALTER TABLE events RENAME TO elsewhere")
        try await beat(seconds: 22)
        #expect(log.texts.contains("warning: leases not renewed"))
        #expect(!held.loss.hasHappened)
    }
}
