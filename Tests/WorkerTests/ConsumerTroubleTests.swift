import AWSClient
import Foundation
import Ledger
import Logging
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// What the consumer cannot do is a line in the log, and costs no event.
@Suite(.timeLimit(.minutes(10))) struct ConsumerTroubleTests {
    private let refusal = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)

    @Test func `a message that cannot be postponed is logged, and comes back by itself`() async throws {
        let it = try WholeWorker(standing: [1], isUntilEmpty: false)
        let stop = StopSignal()
        it.enqueue(1)
        it.aws.with { world in
            world.refusals["RevokeSecurityGroupIngress"] = [refusal]
            world.entryFailures["ChangeMessageVisibilityBatch"] = (1, true)
        }
        let log = it.log
        async let stopping: Void = {
            while !log.texts.contains("warning: message not postponed") { try? await Task.sleep(for: .milliseconds(2)) }
            stop.request()
        }()
        _ = try await it.worker().run(stop: stop)
        await stopping
        #expect(log.value("message.id", of: "message not postponed") == "m1")
        #expect(log.value("event.id", of: "message not postponed") == "event-1")
        #expect(it.left == ["m1"])
    }

    @Test func `a finished message that SQS does not delete is logged, and the queue is looked at again`() async throws
    {
        let it = try WholeWorker(standing: [1])
        it.enqueue(1)
        it.aws.with { $0.entryFailures["DeleteMessageBatch"] = (1, true) }
        let worker = try it.worker()
        // It comes again, is a duplicate, and is deleted then.
        _ = try await worker.run(stop: StopSignal())
        #expect(it.left.isEmpty)
        #expect(it.log.texts.contains("warning: finished message not deleted; when it comes again it is a duplicate"))
        #expect(it.log.texts.contains("info: duplicate"))
        #expect(it.aws.with { $0.revokes.count } == 1)
    }

    @Test func `a message that the stop cannot give back is logged`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "ReceiveMessage" { stop.request() }
        }
        let it = try WholeWorker(standing: [1], isUntilEmpty: false, time: time, aws: aws)
        it.enqueue(1)
        aws.with { $0.entryFailures["ChangeMessageVisibilityBatch"] = (1, true) }
        _ = try await it.worker().run(stop: stop)
        #expect(it.log.value("message.id", of: "message not given back") == "m1")
        #expect(it.left == ["m1"] && aws.with { $0.rules.count } == 1)
    }

    @Test func `until empty, an outage of EC2 that lasts ends the worker with its cause`() async throws {
        var it = try WholeWorker(standing: [1])
        it.enqueue(1)
        let down = HTTPResponse.ec2Error("InternalError", status: 500)
        it.aws.with { world in
            for action in ["DescribeSecurityGroupRules", "RevokeSecurityGroupIngress", "DescribeSecurityGroups"] {
                world.refusals[action] = Array(repeating: down, count: 500)
            }
        }
        // The pauses between the probes.
        it.passes = { [.seconds(2), .seconds(4), .seconds(8)].contains($0) }
        let error = await #expect(throws: OutageLasted.self) { try await it.worker().run(stop: StopSignal()) }
        #expect(error.map { "\($0)" }?.contains("InternalError") == true)
        #expect(it.left == ["m1"])
    }
}

/// Trouble of the heart is a line in the log.
@Suite struct HeartbeatTroubleTests {
    private let it: Pipeline
    private let hand = Hand(intake: Intake())
    private let log = Log()

    init() throws {
        it = try Pipeline()
    }

    /// Runs a heartbeat for so many seconds, one beat in each.
    private func beat(seconds: Int) async throws {
        let count = Mutex(0)
        let time = it.time
        let heartbeat = Heartbeat(
            queue: WorkQueue(sqs: try it.session.sqs(queueURL: Name.queueURL), url: Name.queueURL),
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

    private func take(_ id: String) -> HeldMessage {
        it.aws.with { $0.queues[Name.queueURL, default: []].append(.init(id: id, body: "")) }
        let held = HeldMessage(it.message("", id: id), receivedAt: it.time.instant, visibility: .seconds(30))
        hand.take([held])
        return held
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
