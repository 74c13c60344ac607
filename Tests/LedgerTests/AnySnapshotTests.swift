import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Random sequences of looks at a group, events of its rules, and approvals. The seeds are fixed.
@Suite struct AnySnapshotTests {
    private static let group = "sg-0a1b2c3d4e5f60718"

    private struct Step {
        let test: TestLedger
        let ledger: LedgerDatabase
        var random: SeededGenerator
        /// What EC2 shows: a port for each rule.
        var live: [Int: Int] = [:]
        var events = 0
    }

    private static func id(_ digit: Int) throws -> SecurityGroupRuleID {
        try #require(SecurityGroupRuleID("sgr-0000000000000000\(digit)"))
    }

    private static func rule(_ digit: Int, _ port: Int) throws -> LiveRule {
        LiveRule(
            id: try id(digit),
            groupID: try #require(SecurityGroupID(group)),
            rule: SecurityGroupRule(
                direction: .ingress,
                ipProtocol: .tcp,
                fromPort: port,
                toPort: port,
                peer: Peer("0.0.0.0/0")
            ),
            ruleDescription: nil
        )
    }

    /// Somebody adds, edits or removes a rule.
    private func change(_ step: inout Step) {
        let digit = Int.random(in: 0..<5, using: &step.random)
        step.live[digit] = step.random.chance(35) ? nil : 20 + Int.random(in: 0..<3, using: &step.random)
    }

    private func look(_ step: inout Step, _ policy: Policy) async throws {
        let rules = try step.live.map { try Self.rule($0.key, $0.value) }
        let facts = GroupFacts(groupID: Self.group, account: "111122223333", region: "eu-west-1")
        let id = try #require(SecurityGroupID(Self.group))
        let watched = try #require(WatchedGroup(id, facts, by: policy))
        let readAt = step.test.now
        try await step.ledger.write { transaction in
            _ = try transaction.keep(
                GroupLook(group: watched, rules: rules),
                place: "111122223333 eu-west-1",
                policy: policy,
                readAt: readAt,
                settle: .seconds(15)
            )
        }
    }

    /// A run of an event sees one rule as EC2 shows it.
    private func run(_ step: inout Step) async throws {
        let digit = Int.random(in: 0..<5, using: &step.random)
        step.events += 1
        var result = RunResult(outcome: step.random.pick([.reverted, .allowed, .failed, .unchanged]))
        result.sightings = [
            RuleSighting(
                account: "111122223333",
                region: "eu-west-1",
                groupID: try #require(SecurityGroupID(Self.group)),
                ruleID: try Self.id(digit),
                content: try step.live[digit].map { try Self.rule(digit, $0).content },
                approval: step.random.chance(50) ? Approval(source: "allow office") : nil
            )
        ]
        try await step.ledger.finish("e\(step.events)", result)
    }

    private func decide(_ step: inout Step) async throws {
        let rule = LedgerTransaction.Chosen.rule(try Self.id(Int.random(in: 0..<5, using: &step.random)).description)
        let isApproval = step.random.chance(50)
        try await step.ledger.write { transaction in
            _ =
                isApproval
                ? try transaction.approve(rule, by: "mia@desk", reason: nil)
                : try transaction.forget(rule, by: "mia@desk")
        }
    }

    private func standing(_ step: Step) throws -> [String: Int] {
        let rows = try LedgerReader(path: step.test.path).standingRules()
        return Dictionary(rows.map { ($0[.ruleID].text ?? "", Int($0[.fromPort].integer ?? 0)) }) { first, _ in
            Issue.record("a rule stands with two contents")
            return first
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `after a look the ledger shows what EC2 showed, whatever came before`(seed: UInt64) async throws {
        let test = try TestLedger()
        var step = Step(test: test, ledger: try test.open(), random: SeededGenerator(seed: seed))
        let policy = Policy(watch: [Watch(origin: "watch")])
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 0...2, using: &step.random) { change(&step) }
            test.advance(Double(Int.random(in: 0...600, using: &step.random)))
            switch Int.random(in: 0..<4, using: &step.random) {
            case 0: try await run(&step)
            case 1: try await decide(&step)
            default:
                // An event that was run within the settle time counts for more than a look.
                test.advance(16)
                try await look(&step, policy)
                var shown: [String: Int] = [:]
                for (digit, port) in step.live { shown[try Self.id(digit).description] = port }
                #expect(try standing(step) == shown)
            }
        }
        let reader = try LedgerReader(path: test.path)
        let unexplained = try reader.standingRules(isUnexplained: true)
        #expect(unexplained.allSatisfy { $0[.approvedBy] == .null })
        #expect(try await step.ledger.write { try $0.unexplainedCount() } == unexplained.count)
        #expect(try await step.ledger.write { try $0.unexplainedRules().count } == unexplained.count)
        let rows = try reader.standingRules()
        #expect(rows.allSatisfy { ($0[.firstSeen].text ?? "") <= ($0[.lastSeen].text ?? "") })
        #expect(try reader.verify().findings.isEmpty)
    }
}
