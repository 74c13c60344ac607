import AWSClient
import Formats
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// An outage belongs to a lane, and is no failure of a message.
@Suite struct LanesTests {
    private let time = VirtualTime()
    private let ec2: Lane
    private let unreached = AWSClientError.transport(
        service: "ec2",
        operation: "RevokeSecurityGroupIngress",
        .timedOut(host: "h", after: .seconds(1))
    )

    init() {
        ec2 = Lane(.ec2, region: .test("eu-west-1"))
    }

    private func lanes(limit: Int? = nil, probe: @escaping Lanes.Probe = { _ in }) -> Lanes {
        Lanes(
            limit: limit,
            backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 },
            clock: time.clock,
            logger: .silent,
            probe: probe
        )
    }

    /// Fails so many times, and counts.
    private final class Flaky: Sendable {
        private let state: Mutex<(left: Int, calls: Int)>

        init(_ failures: Int) { state = Mutex((failures, 0)) }

        var calls: Int { state.withLock(\.calls) }

        func callAsFunction(_ error: any Error = LedgerError.busy(path: "x")) throws {
            try state.withLock { state in
                state.calls += 1
                if state.left > 0 {
                    state.left -= 1
                    throw error
                }
            }
        }
    }

    private func refusal(_ operation: String, _ code: String, status: Int = 403) -> AWSServiceError {
        AWSServiceError(service: "ec2", operation: operation, code: code, statusCode: status)
    }

    @Test func `the ledger is probed with growing pauses, and nothing is received until it works`() async throws {
        let probes = Flaky(7)
        let call = Flaky(1)
        let start = time.now
        let lanes = lanes { _ in try probes() }
        try await running(lanes) {
            try await lanes.perform(Lane(.ledger), slot: nil) {
                if call.calls > 0 { #expect(probes.calls == 8) }
                try call()
                if call.calls == 1 { #expect(!lanes.board.mayReceive) }
            }
        }
        #expect(call.calls == 2)
        #expect(time.now.timeIntervalSince(start) >= 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30)
        #expect(lanes.board.mayReceive)
    }

    @Test func `a failure that a probe does not share is the call's own, at once`() async throws {
        let probes = Flaky(0)
        let call = Flaky(.max)
        let lanes = lanes { _ in try probes() }
        await #expect(throws: AWSClientError.self) {
            try await lanes.perform(ec2, slot: nil) { try call(unreached) }
        }
        #expect(call.calls == 2, "the lane may have come back between the call and the probe")
        #expect(probes.calls == 2)
        #expect(lanes.board.lanes.isEmpty)
    }

    @Test func `a revoke that is refused for its group asks for no probe, and stops nobody`() async throws {
        let probes = Flaky(0)
        let lanes = lanes { _ in try probes() }
        await #expect(throws: AWSServiceError.self) {
            try await lanes.perform(ec2, slot: nil) {
                throw refusal("RevokeSecurityGroupIngress", "UnauthorizedOperation")
            }
        }
        #expect(probes.calls == 0)
        #expect(lanes.board.mayReceive)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a message that is lost while its lane is out does not wait for the lane for ever`() async throws {
        let lanes = lanes { _ in throw unreached }
        let slots = WorkSlots(count: 1, clock: time.clock)
        let loss = Loss()
        try await running(lanes) {
            async let losing: Void = {
                while slots.parkedCount < 1 { await Task.yield() }
                _ = loss.happen()
            }()
            await #expect(throws: MessageLost.self) {
                try await slots.occupy(loss: loss) { slot in
                    try await lanes.perform(ec2, slot: slot) { throw unreached }
                }
            }
            await losing
        }
        #expect(slots.parkedCount == 0 && lanes.board.isOut(ec2))
    }

    @Test func `while one lane is out, the others go on, and receiving too`() async throws {
        let door = Door()
        let frankfurt = Lane(.ec2, region: .test("eu-central-1"))
        let lanes = lanes { lane in
            guard lane == ec2, !door.isOpen else { return }
            throw unreached
        }
        let call = Flaky(1)
        try await running(lanes) {
            async let waits: Void = lanes.perform(ec2, slot: nil) { try call(unreached) }
            while !lanes.board.isOut(ec2) { await Task.yield() }
            try await lanes.perform(frankfurt, slot: nil) {}
            #expect(lanes.board.lanes == [ec2])
            #expect(lanes.board.mayReceive)
            #expect(call.calls == 1)
            door.open()
            try await waits
        }
        #expect(call.calls == 2)
    }

    @Test func `a thousand that wait for a lane hold no slot, and all go on when it works`() async throws {
        let door = Door()
        let lanes = lanes { _ in if !door.isOpen { throw unreached } }
        let slots = WorkSlots(count: 2, clock: time.clock)
        let done = Flaky(0)
        try await running(lanes) {
            await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<1000 {
                    let call = Flaky(1)
                    group.addTask {
                        try await slots.occupy { slot in
                            try await lanes.perform(ec2, slot: slot) { try call(unreached) }
                            try done()
                        }
                    }
                }
                while slots.parkedCount < 1000 { await Task.yield() }
                door.open()
            }
        }
        #expect(done.calls == 1000)
        #expect(slots.parkedCount == 0)
    }

    @Test(arguments: [true, false])
    func `what waits for one lane leaves room for the others, where another works`(doesAnotherWork: Bool) async throws {
        let lanes = lanes { _ in throw unreached }
        let slots = WorkSlots(count: 2, limits: WorkSlots.Limits(messages: 10, longWaits: 4), clock: time.clock)
        if doesAnotherWork {
            let other = Lane(.ec2, account: AccountID("444455556666"), region: AWSRegion("eu-west-1"))
            try await lanes.perform(other, slot: nil) {}
        }
        let refused = Flaky(0)
        _ = lanes.board.note(unreached, of: ec2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await slots.occupy { slot in
                        do {
                            try await lanes.perform(ec2, slot: slot) {}
                        } catch let full as ParkingFull {
                            #expect([1, 2, 4, 5].map(full.pause) == [900, 1800, 7200, 7200].map { .seconds($0) })
                            try refused()
                        }
                    }
                }
            }
            while slots.parkedCount + refused.calls < 10 { await Task.yield() }
            #expect(slots.parkedCount == (doesAnotherWork ? 4 : 10))
            lanes.board.open(ec2)
            try await group.waitForAll()
        }
    }

    @Test func `a worker that is to end by itself gives up after a few probes, with the cause`() async throws {
        let probes = Flaky(.max)
        let lanes = lanes(limit: 3) { _ in try probes(LedgerError.busy(path: "x")) }
        let error = await #expect(throws: OutageLasted.self) {
            try await running(lanes) {
                try await lanes.perform(Lane(.ledger), slot: nil) { throw LedgerError.busy(path: "x") }
            }
        }
        #expect("\(try #require(error))" == "\(LedgerError.busy(path: "x"))")
        #expect(throws: OutageLasted.self) {
            for _ in 1...4 { _ = try lanes.sitOut(Lane(.queue), LedgerError.busy(path: "x")) }
        }
    }

    @Test func `a throttled call is made again after a pause without a slot; its lane is not out`() async throws {
        let call = Flaky(5)
        let lanes = lanes()
        let slots = WorkSlots(count: 1, clock: time.clock)
        try await slots.occupy { slot in
            try await lanes.perform(ec2, slot: slot) {
                try call(refusal("RevokeSecurityGroupIngress", "RequestLimitExceeded", status: 503))
            }
        }
        #expect(call.calls == 6)
        #expect(lanes.board.lanes.isEmpty)
    }

    @Test(arguments: [
        ("RevokeSecurityGroupIngress", "UnauthorizedOperation", 403, Lane.Verdict.own),
        ("DescribeSecurityGroupRules", "UnauthorizedOperation", 403, .uncertain),
        ("RevokeSecurityGroupIngress", "AuthFailure", 401, .uncertain),
        ("DescribeSecurityGroupRules", "OptInRequired", 401, .uncertain),
        ("RevokeSecurityGroupIngress", "InternalError", 500, .uncertain),
        ("RevokeSecurityGroupIngress", "RequestLimitExceeded", 503, .throttled),
        ("RevokeSecurityGroupIngress", "InvalidParameterValue", 400, .own),
        ("RevokeSecurityGroupIngress", "InvalidGroup.NotFound", 400, .own),
    ]
    )
    func `what one call meets, what all meet, and what a probe must tell`(
        operation: String,
        code: String,
        status: Int,
        verdict: Lane.Verdict
    ) {
        #expect(ec2.verdict(on: refusal(operation, code, status: status)) == verdict)
    }

    @Test(arguments: ["AccessDenied", "KmsDisabledException", "QueueDoesNotExist", "InvalidClientTokenId"]
    )
    func `a queue that refuses is out; a delete that is refused says nothing about receives`(code: String) {
        let error = AWSServiceError(service: "sqs", operation: "ReceiveMessage", code: code, statusCode: 400)
        #expect(Lane(.queue).verdict(on: error) == .out)
        #expect(Lane(.deletes).verdict(on: error) == .uncertain)
    }

    @Test(arguments: [("AccessDenied", 403), ("ValidationError", 400), ("RegionDisabledException", 403)])
    func `a role that cannot be assumed concerns every call of its account, and is asked for by a probe`(
        code: String,
        status: Int
    ) {
        let error = AWSServiceError(service: "sts", operation: "AssumeRole", code: code, statusCode: status)
        #expect(ec2.verdict(on: error) == .uncertain)
        #expect(Lane(.queue).verdict(on: error) == .out)
    }

    @Test func `a lost claim, a cancellation and a wrong setting say nothing of a lane`() {
        #expect(Lane(.ledger).verdict(on: LedgerError.claimLost(eventID: "e", fence: 1)) == .own)
        #expect(ec2.verdict(on: CancellationError()) == .own)
        #expect(ec2.verdict(on: AWSClientError.missingRegion) == .own)
        #expect(ec2.verdict(on: unreached) == .uncertain)
        #expect(Lane(.ledger).verdict(on: LedgerError.busy(path: "x")) == .out)
    }

    @Test
    func `an outage that comes and goes is one outage; it is told once it has lasted a minute, and when it is over`()
        async throws
    {
        let board = OutageBoard(clock: time.clock, logger: .silent)
        #expect(board.note(unreached, of: ec2).isNew)
        board.open(ec2)
        #expect(!board.isOut(ec2))
        #expect(!board.note(unreached, of: ec2).isNew)
        #expect(board.isOut(ec2))
        time.advance(.seconds(61))
        for _ in 1...3 { _ = board.note(unreached, of: ec2) }
        board.end(ec2)
        var notices: [Bool] = []
        for await notice in board.notices {
            notices.append(notice.isOver)
            if notices.count == 2 { break }
        }
        #expect(notices == [false, true])
    }

    @Test func `an hour that the clock is set back changes no pause`() async throws {
        let probes = Flaky(3)
        let call = Flaky(1)
        let lanes = lanes { _ in
            time.setBack(by: .seconds(3600))
            try probes()
        }
        let start = time.instant
        try await running(lanes) {
            try await lanes.perform(Lane(.ledger), slot: nil) { try call() }
        }
        #expect(time.instant - start < .seconds(60))
    }

    @Test
    func `a run goes through an outage of EC2, and knows as its doing what it revoked when every answer was lost`()
        async throws
    {
        var revert = try Revert(standing: [1, 2])
        let gateway = SecurityGroupGateway(session: try revert.aws.session())
        let lanes = Lanes(
            backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 },
            clock: revert.time.clock,
            logger: .silent
        ) { lane in
            guard let region = lane.region, let id = SecurityGroupRuleID(Name.rule(9)) else { return }
            _ = try await gateway.rules([id], in: Place(account: nil, region: region))
        }
        revert.lanes = lanes
        let trouble = HTTPResponse.ec2Error("InternalError", status: 500)
        revert.aws.with {
            $0.refusals["DescribeSecurityGroupRules"] = Array(repeating: trouble, count: 30)
            $0.lost["RevokeSecurityGroupIngress"] = Array(repeating: trouble, count: 3)
        }
        let subject = revert
        let result = try await running(lanes) { try await subject([1, 2], age: 60) }
        #expect(result.outcome == .reverted)
        #expect(result.rules.map(\.outcome) == [.reverted, .reverted])
        #expect(revert.aws.with { $0.rules.isEmpty })
    }
}

extension AWSRegion {
    /// A Region that exists.
    fileprivate static func test(_ name: String) -> Self {
        guard let region = Self(name) else { preconditionFailure("\(name) is no Region") }
        return region
    }
}
