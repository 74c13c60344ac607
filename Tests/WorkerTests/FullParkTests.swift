import AWSClient
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// An outage of EC2 with more messages in the queue than may wait in hand.
@Suite(.timeLimit(.minutes(10))) struct FullParkTests {
    @Test(arguments: [(12, 1), (3, 4)])
    func `an hour without EC2 moves nothing to the dead-letter queue, and afterwards everything is reverted`(
        room: Int,
        mostReceives: Int
    ) async throws {
        let time = VirtualTime()
        let outage = Outage(time: time, length: 3600, inHand: min(room, 10))
        let aws = ScriptedAWS(time: time) {
            await outage.before($0)
        } answered: {
            outage.answered($0)
        }
        var it = try WholeWorker(standing: Array(1...20), isUntilEmpty: false, time: time, aws: aws)
        it.options.concurrency = 2
        it.options.parking.messages = room
        it.options.shutdown = .seconds(60)
        // The pauses between the probes.
        it.passes = { [.seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30)].contains($0) }
        for number in 1...20 { it.enqueue(number) }
        let (whole, stop) = (it, StopSignal())
        let worker = try it.worker()
        outage.begin(aws, worker)
        async let stopping: Void = {
            while !whole.left.isEmpty { try? await Task.sleep(for: .milliseconds(2)) }
            stop.request()
        }()
        #expect(try await worker.run(stop: stop) == [])
        await stopping
        #expect(try #require(outage.status).pollAge <= .seconds(5), "a full hand is no poller that hangs")
        #expect(outage.status?.isReceiving == false && worker.status.isReceiving)
        #expect((1...mostReceives).contains(outage.mostReceives), "SQS gives up after five")
        #expect(aws.with { $0.rules.isEmpty && $0.queues[Name.deadLetterURL, default: []].isEmpty })
        for number in 1...20 { #expect(try it.test.event("outcome", "event-\(number)") == "reverted") }
    }
}

/// An outage of EC2 that ends by itself.
private final class Outage: Sendable {
    private struct State {
        var parts: (aws: ScriptedAWS, worker: RevertWorker)?
        var status: WorkerStatus?
        var mostReceives = 0
    }

    private let time: VirtualTime
    private let end: Date
    private let inHand: Int
    private let state = Mutex(State())

    init(time: VirtualTime, length: TimeInterval, inHand: Int) {
        self.time = time
        end = time.now + length
        self.inHand = inHand
    }

    /// The worker's status when the outage ended.
    var status: WorkerStatus? { state.withLock { $0.status } }
    /// How often a message was received at most.
    var mostReceives: Int { state.withLock { $0.mostReceives } }

    func begin(_ aws: ScriptedAWS, _ worker: RevertWorker) {
        state.withLock { $0.parts = (aws, worker) }
        let down = HTTPResponse.ec2Error("InternalError", status: 500)
        aws.with { world in
            world.attributes["VisibilityTimeout"] = "7200"
            for action in ["DescribeSecurityGroupRules", "RevokeSecurityGroupIngress"] {
                world.refusals[action] = Array(repeating: down, count: 10_000)
            }
        }
    }

    /// Called before each call.
    func before(_ action: String) async {
        guard action == "DescribeSecurityGroupRules", status == nil, let (aws, worker) = state.withLock({ $0.parts })
        else { return }
        // The heart beats before more time passes, so that what is in hand stays hidden.
        while hidden(aws) < inHand, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
        guard time.now >= end else { return }
        for _ in 1...5000 where worker.liveness.age > .seconds(5) { try? await Task.sleep(for: .milliseconds(1)) }
        state.withLock { $0.status = worker.status }
        aws.with { $0.refusals = [:] }
    }

    /// The number of messages that are hidden for longer than the outage.
    private func hidden(_ aws: ScriptedAWS) -> Int {
        let later = time.now + 3000
        return aws.with { $0.queues[Name.queueURL, default: []].count { $0.visibleAt > later } }
    }

    /// Called after each call.
    func answered(_ action: String) {
        guard action == "ReceiveMessage", let (aws, _) = state.withLock({ $0.parts }) else { return }
        let most = aws.with { $0.queues[Name.queueURL, default: []].map(\.receives).max() ?? 0 }
        state.withLock { $0.mostReceives = max($0.mostReceives, most) }
    }
}
