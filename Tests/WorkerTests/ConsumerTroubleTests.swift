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
        var it = try WholeWorker(standing: [1], isUntilEmpty: false)
        it.timeStandsStill = true
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
