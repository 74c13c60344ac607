import Foundation
import SecurityGroups
import TestSupport
import Testing

/// Runs of an event in made-up worlds: what EC2 shows is old by less than the settle time, answers are lost, and other
/// people remove rules meanwhile. The seeds are fixed.
@Suite struct RevertWalkTests {
    private static let settle = 15

    /// When each rule came to stand, and when it was removed.
    private struct World {
        var changes: [SecurityGroupRuleID: [(at: Duration, stands: Bool)]] = [:]

        func stands(_ id: SecurityGroupRuleID, at time: Duration) -> Bool {
            changes[id]?.last { $0.at <= time }?.stands ?? false
        }

        mutating func remove(_ id: SecurityGroupRuleID, at time: Duration) {
            changes[id]?.append((time, false))
        }
    }

    private struct Walk {
        var world = World()
        var machine: RevertMachine
        let rules: [LiveRule]
        var now: Duration = .zero
        var random: SeededGenerator
    }

    /// A run of an event that added some rules; those on port 443 are allowed.
    private func walk(seed: UInt64, kind: ChangeKind = .ingressAdded) throws -> Walk {
        var random = SeededGenerator(seed: seed)
        let age = random.duration(0...60_000)
        let rules = try (1...Int.random(in: 1...4, using: &random)).map { number in
            try Fixture.live(number, Fixture.rule(port: random.pick([22, 23, 443])))
        }
        let everywhere = try #require(CIDRBlock("0.0.0.0/0"))
        let watch = Watch(changes: [kind], origin: "watch")
        let allow = Allow(
            name: nil,
            direction: .ingress,
            ipProtocol: .tcp,
            ports: [PortRange(from: 443, to: 443)],
            sources: [.cidr(everywhere)],
            origin: "allow"
        )
        let context = ChangeContext(
            group: GroupFacts(groupID: try Fixture.group().description, account: nil, region: nil),
            kind: kind,
            issuerARN: nil,
            eventTime: Date(timeIntervalSince1970: 1_764_063_000)
        )
        let machine = RevertMachine(
            RevertMachine.Event(
                change: SecurityGroupChange(
                    kind: kind,
                    groupID: try Fixture.group().description,
                    rules: rules.map { ChangedRule(id: $0.id.description, rule: $0.rule, ruleDescription: nil) }
                ),
                groupID: try Fixture.group(),
                age: age,
                settle: .seconds(Self.settle)
            ),
            planner: RevertPlanner(policy: Policy(watch: [watch], allow: [allow]), watch: watch, context: context)
        )
        var walk = Walk(machine: machine, rules: rules, random: random)
        for rule in rules { walk.world.changes[rule.id] = [(.zero - age, true)] }
        return walk
    }

    /// EC2 carries out a call, or does not, and answers, or does not.
    private func answer(_ move: RevertMachine.Move, of rule: LiveRule, _ walk: inout Walk) {
        guard walk.world.stands(rule.id, at: walk.now) else { return walk.machine.unknown(move, at: walk.now) }
        let answer = Int.random(in: 0..<4, using: &walk.random)
        if answer < 3 { walk.world.remove(rule.id, at: walk.now) }
        switch answer {
        case 0: walk.machine.accepted(move, isProven: true, at: walk.now)
        case 1: walk.machine.accepted(move, isProven: false, at: walk.now)
        default: walk.machine.lost([move], at: walk.now)
        }
    }

    /// One look, and what follows from it. Returns what is wrong.
    private func step(_ walk: inout Walk) -> String? {
        for rule in walk.rules where walk.random.chance(5) { walk.world.remove(rule.id, at: walk.now) }
        let age = walk.random.duration(0...(1000 * Self.settle - 1))
        let shown = walk.rules.filter { walk.world.stands($0.id, at: walk.now - age) }
        let candidates = walk.machine.saw(shown, at: walk.now)
        let moves = walk.machine.plan(
            candidates,
            pasts: candidates.map { _ in RulePast() },
            isDryRun: false,
            at: walk.now,
            date: Date(timeIntervalSince1970: 1_764_063_060 + walk.now.inSeconds)
        )
        for move in moves {
            guard case .revoke(let rule) = move.step else { return "it wants to do \(move.step)" }
            guard walk.rules.contains(rule) else { return "it revokes \(rule), which the event did not add" }
            guard rule.rule.ports.from != 443 else { return "it revokes what is allowed" }
            guard shown.contains(rule) else { return "it revokes what EC2 did not show" }
            answer(move, of: rule, &walk)
        }
        return nil
    }

    /// What is wrong with the end of a run.
    private func verdict(_ walk: Walk) -> String? {
        let reports = walk.machine.reports
        guard reports.count == walk.rules.count else { return "\(reports.count) reports of \(walk.rules.count) rules" }
        if let unproven = walk.machine.unproven { return "unproven although EC2 settled: \(unproven)" }
        for (rule, report) in zip(walk.rules, reports) {
            let stands = walk.world.stands(rule.id, at: walk.now)
            switch report.outcome {
            case .allowed where rule.rule.ports.from == 443: continue
            case .reverted where !stands && rule.rule.ports.from != 443: continue
            case .alreadyGone where !stands: continue
            default: return "\(rule.id) has the outcome \(report.outcome), and \(stands ? "stands" : "is gone")"
            }
        }
        return nil
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `every run ends, touches only what the event added against the policy, and says what is true`(
        part: UInt64
    ) throws {
        for seed in (part * 250)..<((part + 1) * 250) {
            var walk = try walk(seed: seed)
            var looks = 0
            var wrong = step(&walk)
            while wrong == nil, walk.machine.isOpen(at: walk.now) {
                looks += 1
                guard looks < 200 else {
                    wrong = "it does not end"
                    break
                }
                walk.now += walk.machine.nextPause()
                wrong = step(&walk)
            }
            if let wrong = wrong ?? verdict(walk) { Issue.record("seed \(seed), \(walk.now): \(wrong)") }
        }
    }
}
