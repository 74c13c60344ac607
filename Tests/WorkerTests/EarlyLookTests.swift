import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The look that is made while the claim is committed.
@Suite struct EarlyLookTests {
    @Test func `a claim is told of before it is committed, so that the look does not wait for the commit`() async throws
    {
        let it = try Pipeline()
        let facts = EventFacts(
            eventID: Name.event,
            digest: it.record.digest,
            eventName: "AuthorizeSecurityGroupIngress"
        )
        let known = Mutex<[String?]>([])
        for id in ["m1", "m2"] {
            _ = try await it.claims.claim(
                facts,
                Delivery(messageID: id, receivedAt: it.time.now),
                slot: WorkSlot(clock: it.time.clock),
                won: { _ in known.withLock { $0.append(try? it.test.event("attempts")) } }
            )
        }
        #expect(known.withLock(\.self) == [nil])
        #expect(try it.test.event("attempts") == "1")
    }

    @Test func `a new event costs one look`() async throws {
        let it = try Pipeline(standing: [1])
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(it.aws.with { $0.calls } == ["DescribeSecurityGroupRules", "RevokeSecurityGroupIngress"])
    }

    @Test func `the run takes the early look as its first`() async throws {
        let revert = try Revert(standing: [1])
        let early = try await Self.look(at: 1, of: revert)
        #expect(try await revert([1], early: early).outcome == .reverted)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 1)
    }

    @Test func `a rule that the early look does not show is looked for again at once`() async throws {
        let revert = try Revert(standing: [1])
        revert.aws.with { $0.hiddenLooks[Name.rule(1)] = 1 }
        let early = try await Self.look(at: 1, of: revert)
        #expect(try await revert([1], early: early).outcome == .reverted)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 2)
        #expect(revert.time.slept.isEmpty)
    }

    @Test func `an early look that is no longer recent is not used`() async throws {
        let revert = try Revert(standing: [1])
        let early = try await Self.look(at: 1, of: revert)
        revert.time.advance(.seconds(1))
        #expect(try await revert([1], early: early).outcome == .reverted)
        #expect(revert.aws.count(of: "DescribeSecurityGroupRules") == 2)
    }

    @Test func `an early look that had its answer before a wait for EC2 is made again`() async throws {
        var revert = try Revert(standing: [1])
        revert.policy = .watching(.ingressAdded, allow: [try .port(443)])
        let lanes = revert.makeLanes(behind: Door())
        revert.lanes = lanes
        let subject = revert
        let early = try await Self.look(at: 1, of: subject)
        _ = try lanes.sitOut(Revert.lane, LedgerError.busy(path: "x"))
        let slots = WorkSlots(count: 1, clock: subject.time.clock)
        let result = try await slots.occupy { slot in
            async let result = subject([1], age: 60, early: early, slot: slot)
            while slots.parkedCount == 0 { await Task.yield() }
            try subject.narrow()
            subject.time.advance(.seconds(2400))
            lanes.board.open(Revert.lane)
            return try await result
        }
        #expect(result.outcome == .allowed)
        #expect(subject.aws.count(of: "DescribeSecurityGroupRules") == 2)
        #expect(subject.aws.count(of: "RevokeSecurityGroupIngress") == 0)
    }

    @Test func `an early look that has not begun, or is for other rules, is not waited for`() async throws {
        let revert = try Revert(standing: [1])
        let unbegun = try await Self.look(at: 1, of: revert, isBegun: false)
        #expect(try await revert([1], early: unbegun).outcome == .reverted)
        let other = try Revert(standing: [1, 2])
        #expect(try await other([1, 2], early: Self.look(at: 1, of: other)).outcome == .reverted)
        #expect(other.time.slept.isEmpty)
    }

    @Test func `after an early look that failed the call is made again`() async throws {
        let calls = Atomic(0)
        let early = EarlyLook([], clock: VirtualTime().clock) {
            guard calls.add(1, ordering: .relaxed).newValue > 1 else { throw CancellationError() }
            return Look(rules: [], requestIDs: ["r2"])
        }
        early.begin()
        await early.run()
        await #expect(throws: CancellationError.self) { try await early() }
        #expect(try await early().requestIDs == ["r2"])
    }

    /// A look at one rule, which has its answer if it has begun.
    private static func look(at number: Int, of revert: Revert, isBegun: Bool = true) async throws -> EarlyLook {
        let gateway = SecurityGroupGateway(session: try revert.aws.session())
        let place = Place(account: AccountID("111122223333"), region: try #require(AWSRegion("eu-west-1")))
        let ids = [try #require(SecurityGroupRuleID(Name.rule(number)))]
        let early = EarlyLook(ids, clock: revert.time.clock) { try await gateway.rules(ids, in: place) }
        guard isBegun else { return early }
        early.begin()
        await early.run()
        return early
    }
}
