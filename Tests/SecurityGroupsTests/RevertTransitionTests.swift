import Foundation
import SecurityGroups
import TestSupport
import Testing

/// How the rule of an event stands when the run looks at it again.
private enum Shown: CaseIterable {
    case missing, stands, changed, elsewhere
}

/// What EC2 answered to the call before that.
private enum Answered: CaseIterable {
    case notTried, accepted, unknown, lost
}

/// Every transition of one rule: how it stands × what EC2 answered × early or late × first run or takeover.
///
/// A takeover is a run after one that recorded its intent to revert the rule and died.
@Suite struct RevertTransitionTests {
    private static let settle = 15

    /// A machine whose event is as old as the settle time when the first look is late, and new when it is early.
    private func machine(_ kind: ChangeKind, isEarly: Bool, isTakeover: Bool) throws -> RevertMachine {
        let watch = Watch(changes: [kind], origin: "watch")
        let context = ChangeContext(
            group: GroupFacts(groupID: try Fixture.group().description, account: nil, region: nil),
            kind: kind,
            issuerARN: nil,
            eventTime: Date(timeIntervalSince1970: 1_764_063_000)
        )
        let rule = ChangedRule(
            id: try Fixture.ruleID().description,
            rule: Fixture.rule(),
            ruleDescription: nil
        )
        var history = RevertMachine.History()
        if isTakeover {
            history.matched = [try Fixture.ruleID()]
            history.isTakeover = true
        }
        return RevertMachine(
            RevertMachine.Event(
                change: SecurityGroupChange(kind: kind, groupID: "sg", rules: [rule]),
                groupID: try Fixture.group(),
                age: isEarly ? .zero : .seconds(60),
                settle: .seconds(Self.settle)
            ),
            planner: RevertPlanner(policy: Policy(watch: [watch]), watch: watch, context: context),
            history: history
        )
    }

    private func look(_ machine: inout RevertMachine, _ live: [LiveRule], _ now: Duration) -> [RevertStep] {
        let candidates = machine.saw(live, at: now)
        let pasts = candidates.map { _ in RulePast() }
        let date = Date(timeIntervalSince1970: 1_764_063_060)
        return machine.plan(candidates, pasts: pasts, isDryRun: false, at: now, date: date).map(\.step)
    }

    private func shown(_ shown: Shown) throws -> [LiveRule] {
        switch shown {
        case .missing: []
        case .stands: [try Fixture.live()]
        case .changed: [try Fixture.live(1, Fixture.rule(port: 99))]
        case .elsewhere: [try Fixture.live(in: 2)]
        }
    }

    /// Runs up to the answer, and looks again one second later.
    private func run(
        _ kind: ChangeKind,
        _ standing: Shown,
        _ answer: Answered,
        isEarly: Bool,
        isTakeover: Bool
    ) throws -> (machine: RevertMachine, steps: [RevertStep]) {
        var machine = try machine(kind, isEarly: isEarly, isTakeover: isTakeover)
        if answer != .notTried {
            let candidates = machine.saw([try Fixture.live()], at: .zero)
            let date = Date(timeIntervalSince1970: 1_764_063_060)
            let moves = machine.plan(candidates, pasts: [RulePast()], isDryRun: false, at: .zero, date: date)
            let move = try #require(moves.first)
            switch answer {
            case .notTried: break
            case .accepted: machine.accepted(move, isProven: false, at: .zero)
            case .unknown: machine.unknown(move, at: .zero)
            case .lost: machine.lost(moves, at: .zero)
            }
        }
        let steps = look(&machine, try shown(standing), .seconds(1))
        return (machine, steps)
    }

    /// What a look at a rule that an event added or modified leads to.
    ///
    /// - Returns: the outcome, nil while the rule is open; and the next steps.
    private func transition(
        _ kind: ChangeKind,
        _ standing: Shown,
        _ answer: Answered,
        isEarly: Bool,
        isTakeover: Bool
    ) throws -> (RuleOutcome?, [RevertStep]) {
        switch (standing, answer) {
        case (.missing, .accepted): return (.reverted, [])
        // EC2 may not show the rule yet, so that early it may stand although no call of ours removed it.
        case (.missing, .lost): return (isEarly ? nil : .reverted, [])
        case (.missing, _) where isTakeover: return (isEarly ? nil : .reverted, [])
        case (.missing, _): return (isEarly ? nil : .alreadyGone, [])
        case (.elsewhere, _): return (.changedSince, [])
        case (.stands, .accepted), (.changed, .accepted): return (nil, [])
        // Early, EC2 may still show what the rule said before. Late, the later modification has its own record.
        case (.changed, _) where kind == .ruleModified:
            return isEarly ? (nil, []) : (isTakeover ? .reverted : .changedSince, [])
        case (.stands, _), (.changed, _): return (nil, [.revoke(try shown(standing)[0])])
        }
    }

    @Test(arguments: Shown.allCases, Answered.allCases)
    private func `an added or modified rule goes from each state to the next`(
        standing: Shown,
        answer: Answered
    ) throws {
        for kind in [ChangeKind.ingressAdded, .ruleModified] {
            for (isEarly, isTakeover) in [(false, false), (false, true), (true, false), (true, true)] {
                let (machine, steps) = try run(kind, standing, answer, isEarly: isEarly, isTakeover: isTakeover)
                let (outcome, expected) =
                    try transition(kind, standing, answer, isEarly: isEarly, isTakeover: isTakeover)
                let comment: Comment = "\(kind) \(standing) \(answer) early \(isEarly) takeover \(isTakeover)"
                #expect(steps == expected, comment)
                #expect(machine.isOpen(at: .seconds(1)) == (outcome == nil), comment)
                #expect(machine.reports.first?.outcome == outcome ?? .failed, comment)
            }
        }
    }

    @Test(arguments: Answered.allCases, [false, true])
    private func `a rule that still stands after the settle time has failed, unless the answer was lost`(
        answer: Answered,
        isTakeover: Bool
    ) throws {
        var (machine, _) = try run(.ingressAdded, .stands, answer, isEarly: false, isTakeover: isTakeover)
        let steps = look(&machine, try shown(.stands), .seconds(Self.settle))
        let live = try shown(.stands)[0]
        switch answer {
        case .notTried, .lost: #expect(steps == [.revoke(live)] && machine.unproven == nil)
        case .accepted: #expect(steps.isEmpty && machine.unproven == .stillStands(live))
        case .unknown: #expect(steps.isEmpty && machine.unproven == .shownButUnknown(live))
        }
    }

    @Test(arguments: [false, true], [false, true])
    private func `a removed rule is put back unless it stands, once the settle time has passed twice`(
        stands: Bool,
        isTakeover: Bool
    ) throws {
        var machine = try machine(.ingressRemoved, isEarly: true, isTakeover: isTakeover)
        let live = try stands ? shown(.stands) : []
        #expect(look(&machine, live, .seconds(2 * Self.settle - 1)).isEmpty)
        #expect(machine.isOpen(at: .seconds(2 * Self.settle - 1)))
        #expect(look(&machine, live, .seconds(2 * Self.settle)).isEmpty, "the ledger knows no approved content")
        let expected: RuleOutcome = stands ? (isTakeover ? .reverted : .changedSince) : .notRestored
        #expect(machine.reports.map(\.outcome) == [expected])
    }
}
