import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Random sequences of looks at a group, events of its rules, and approvals. The seeds are fixed.
@Suite struct AnySnapshotTests {
    private struct Step {
        let test: TestLedger
        let ledger: LedgerDatabase
        var random: SeededGenerator
        /// What EC2 shows: a port for each rule.
        var live: [Int: Int] = [:]
        var events = 0
    }

    private static func rule(_ digit: Int, _ port: Int) throws -> LiveRule {
        try Fixture.live(digit, Fixture.rule(port: port))
    }

    /// Somebody adds, edits or removes a rule.
    private func change(_ step: inout Step) {
        let digit = Int.random(in: 0..<5, using: &step.random)
        step.live[digit] = step.random.chance(35) ? nil : 20 + Int.random(in: 0..<3, using: &step.random)
    }

    private func look(_ step: inout Step, _ policy: Policy) async throws {
        let rules = try step.live.map { try Self.rule($0.key, $0.value) }
        _ = try await step.ledger.write { try $0.look(rules, policy) }
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
                groupID: try Fixture.group(),
                ruleID: try Fixture.ruleID(digit),
                content: try step.live[digit].map { try Self.rule(digit, $0).content },
                approval: step.random.chance(50) ? Approval(source: "allow office") : nil
            )
        ]
        try await step.ledger.finish("e\(step.events)", result)
    }

    private func decide(_ step: inout Step) async throws {
        let rule = LedgerTransaction.Chosen.rule(Fixture.ruleName(Int.random(in: 0..<5, using: &step.random)))
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
                for (digit, port) in step.live { shown[Fixture.ruleName(digit)] = port }
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
