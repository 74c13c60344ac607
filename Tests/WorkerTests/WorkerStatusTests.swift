import AWSClient
import CoreMetrics
import Foundation
import Ledger
import MetricsTestKit
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A worker says what it does and what is out of order.
@Suite struct WorkerStatusTests {
    private let time = VirtualTime()
    private let metrics = TestMetrics()
    private let test: TestLedger
    private let worker: RevertWorker

    init() throws {
        test = try TestLedger(time)
        var options = WorkerOptions(
            queueURL: Name.queueURL,
            policy: .watching([try #require(SecurityGroupID(Name.group))])
        )
        options.metrics = WorkerMetrics(metrics)
        worker = RevertWorker(
            options: options,
            session: try ScriptedAWS(time: time).session(),
            ledger: try test.ledger,
            name: "one",
            clock: time.clock,
            logger: .silent
        )
    }

    private func gauge(_ name: String, _ labels: [(String, String)] = []) throws -> Double? {
        try metrics.expectMeter("sg_revert_\(name)", labels).lastValue
    }

    @Test func `before the start it does not receive, and says why`() {
        #expect(!worker.status.isReceiving && worker.status.obstacle == "it is starting")
        worker.startState.failed("no such queue")
        #expect(worker.status.obstacle == "no such queue")
        worker.startState.succeeded()
        #expect(worker.status.isReceiving && worker.status.obstacle == nil && worker.status.outages.isEmpty)
    }

    @Test func `an outage of one lane is named, and only one of the queue or the ledger stops receiving`() throws {
        worker.startState.succeeded()
        let region = try #require(AWSRegion("eu-west-1"))
        _ = worker.lanes.board.note(ParkingFull(), of: Lane(.ec2, region: region))
        #expect(worker.status.isReceiving && worker.status.outages == ["EC2 in eu-west-1"])
        _ = worker.lanes.board.note(ParkingFull(), of: Lane(.ec2, account: AccountID("444455556666"), region: region))
        #expect(worker.status.outages.contains("EC2 in eu-west-1 of account 444455556666"))
        _ = worker.lanes.board.note(ParkingFull(), of: Lane(.queue))
        #expect(!worker.status.isReceiving && worker.status.outages.contains("the queue"))
    }

    @Test func `the gauge of an outage is 1 while it lasts and 0 from then on`() throws {
        let region = try #require(AWSRegion("eu-west-1"))
        let lane = Lane(.ec2, region: region)
        let labels = [("service", "ec2"), ("region", "eu-west-1")]
        worker.measureState()
        #expect(throws: (any Error).self) { try gauge("outage", labels) }
        _ = worker.lanes.board.note(ParkingFull(), of: lane)
        worker.measureState()
        #expect(try gauge("outage", labels) == 1)
        worker.lanes.board.end(lane)
        worker.measureState()
        #expect(try gauge("outage", labels) == 0)
    }

    @Test func `what is in hand counts as in flight, and what is parked as waiting`() async throws {
        let messages = (1...3).map { number in
            SQSMessage(
                messageID: "m\(number)",
                receiptHandle: "r\(number)",
                body: "",
                systemAttributes: [:],
                messageAttributes: [:]
            )
        }
        worker.hand.take(
            messages.map { HeldMessage($0, receivedAt: time.instant, visibility: .seconds(30)) }
        )
        let shown = try await worker.slots.occupy { slot in
            try await slot.parked { () async throws -> [Double?] in
                worker.measureState()
                return [try gauge("waiting"), try gauge("in_flight")]
            }
        }
        #expect(shown == [1, 2])
        worker.measureState()
        #expect(try [gauge("waiting"), gauge("in_flight")] == [0, 3])
    }

    @Test func `the time of the last poll is shown once there was one`() throws {
        worker.measureState()
        #expect(throws: (any Error).self) { try gauge("last_poll_timestamp_seconds") }
        worker.liveness.completedPoll(at: time.instant)
        let polledAt = time.now
        time.advance(.seconds(90))
        worker.measureState()
        let shown = try #require(try gauge("last_poll_timestamp_seconds"))
        #expect(abs(shown - polledAt.timeIntervalSince1970) < 1)
    }

    @Test func `each reason and outcome counts from zero, so that an alert sees the first of it`() throws {
        func count(_ name: String, _ label: String, _ value: String) throws -> Int64 {
            try metrics.expectCounter("sg_revert_\(name)", [(label, value)]).values.reduce(0, +)
        }
        for reason in DeadLetterReason.allCases {
            #expect(try count("dead_lettered_total", "reason", reason.rawValue) == 0)
        }
        for outcome in EventOutcome.allCases { #expect(try count("events_total", "outcome", outcome.rawValue) == 0) }
        for outcome in RuleOutcome.allCases { #expect(try count("rules_total", "outcome", outcome.rawValue) == 0) }
    }

    @Test func `what others know of the state has gauges of its own`() throws {
        let worker = WorkerMetrics(metrics)
        worker.standingUnexplained(4)
        worker.exemptActive(2)
        #expect(try [gauge("standing_unexplained"), gauge("exempt_active")] == [4, 2])
    }
}
