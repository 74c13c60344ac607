import Foundation
import Ledger
import SecurityGroups
import Testing

@Suite struct PastTests {
    private static let group = "sg-0a1b2c3d4e5f60718"
    private let test: TestLedger
    private let ledger: LedgerDatabase

    init() throws {
        test = try TestLedger()
        ledger = try test.open()
    }

    private func rule(_ source: String = "0.0.0.0/0", port: Int = 22) -> SecurityGroupRule {
        SecurityGroupRule(direction: .ingress, ipProtocol: .tcp, fromPort: port, toPort: port, peer: Peer(source))
    }

    private func result(
        _ id: String,
        _ rule: SecurityGroupRule,
        _ decision: RuleDecision,
        _ outcome: RuleOutcome
    )
        -> RuleResult
    {
        RuleResult(
            ruleID: id,
            groupID: Self.group,
            direction: rule.direction,
            ipProtocol: rule.ipProtocol.description,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            source: rule.peer.description,
            description: "of \(id)",
            decision: decision,
            outcome: outcome
        )
    }

    private func record(
        _ eventID: String,
        _ name: String = "AuthorizeSecurityGroupIngress",
        group: String = PastTests.group,
        secondsAgo: Double,
        _ rule: RuleResult
    ) async throws {
        let facts = EventFacts(
            eventID: eventID,
            eventName: name,
            groupID: group,
            eventTime: test.now.addingTimeInterval(-secondsAgo)
        )
        let delivery = Delivery(messageID: eventID, receivedAt: test.now)
        try await ledger.write { transaction in
            guard case .run(let claim) = try transaction.claim(facts, delivery: delivery) else { return }
            try transaction.finish(claim, with: RunResult(outcome: EventOutcome(of: [rule.outcome]), rules: [rule]))
        }
    }

    private func past(_ rule: SecurityGroupRule, id: String? = nil, ago: Double = 0) async throws -> RulePast {
        let time = test.now.addingTimeInterval(-ago)
        return try await ledger.write {
            try $0.past(of: rule, ruleID: id, in: Self.group, before: "now", at: time)
        }
    }

    @Test func `reverts of the same rule in the same group within the hour count, and no others`() async throws {
        try await record("a", secondsAgo: 60, result("r1", rule(), .revert, .reverted))
        try await record("b", secondsAgo: 30, result("r2", rule(), .revert, .reverted))
        try await record("c", secondsAgo: 20, result("r3", rule(port: 23), .revert, .reverted))
        try await record("d", secondsAgo: 20, result("r4", rule("::/0"), .revert, .reverted))
        try await record("e", secondsAgo: 20, result("r5", rule(), .revert, .alreadyGone))
        try await record("f", group: "sg-1", secondsAgo: 20, result("r6", rule(), .revert, .reverted))
        try await record("g", secondsAgo: 4000, result("r7", rule(), .revert, .reverted))
        try await record("now", secondsAgo: 10, result("r8", rule(), .revert, .reverted))
        #expect(try await past(rule()).reverts == 2)
    }

    @Test func `the last good content of an id is what was allowed or exempt, from before the event`() async throws {
        try await record("a", secondsAgo: 500, result("r1", rule(port: 1), .allow, .allowed))
        try await record("b", secondsAgo: 400, result("r1", rule(port: 2), .exempt, .exempt))
        try await record("c", secondsAgo: 300, result("r1", rule(port: 3), .revert, .suppressed))
        try await record("d", secondsAgo: 100, result("r1", rule(port: 4), .allow, .allowed))
        let past = try await past(rule(port: 9), id: "r1", ago: 200)
        #expect(past.lastGood == RuleContent(rule: rule(port: 2), ruleDescription: "of r1"))
        #expect(past.isLastGoodExempt)
        #expect(try await self.past(rule(port: 9), id: "r2").lastGood == nil)
        let last = try await ledger.write { transaction in
            try transaction.lastContent(ofRule: "r1", in: Self.group, before: "now", at: nil)
        }
        #expect(last?.rule == rule(port: 4))
    }

    @Test(arguments: ["2001:db8::/32", "pl-0123456789abcdef0", "sg-0fedcba9876543210", "10.0.0.0/8"])
    func `the last decision on a content is that of its last addition, not of its removal`(source: String) async throws
    {
        try await record("a", secondsAgo: 500, result("r1", rule(source), .allow, .allowed))
        try await record("b", secondsAgo: 400, result("r2", rule(source), .revert, .reported))
        try await record(
            "c",
            "RevokeSecurityGroupIngress",
            secondsAgo: 300,
            result("r2", rule(source), .allow, .allowed)
        )
        #expect(try await past(rule(source)).lastDecision == .revert)
        #expect(try await past(rule(source), ago: 450).lastDecision == .allow)
        #expect(try await past(rule(source, port: 99)).lastDecision == nil)
    }
}
