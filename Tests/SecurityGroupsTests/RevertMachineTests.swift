import Foundation
import SecurityGroups
import TestSupport
import Testing

private let date = Date(timeIntervalSince1970: 1_764_063_000)
private let terraform = "arn:aws:iam::111122223333:role/terraform"

/// A run of an event whose rules stand under the ids 1, 2, …
private struct Machine {
    var machine: RevertMachine
    var now: Duration = .zero

    init(
        _ kind: ChangeKind = .ingressAdded,
        ports: [Int] = [22],
        hasIDs: Bool = true,
        watching: Set<ChangeKind>? = nil,
        caller: String? = nil,
        unread: String? = nil,
        age: Duration = .seconds(60),
        isNewGroup: Bool = false,
        history: RevertMachine.History = .init()
    ) throws {
        let watch = Watch(changes: watching ?? [kind], origin: "watch")
        let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], origin: "exempt")
        let context = ChangeContext(
            group: GroupFacts(groupID: try Fixture.group().description, account: nil, region: nil),
            kind: kind,
            issuerARN: caller,
            eventTime: date - 60
        )
        let direction: Direction = kind == .egressAdded ? .egress : .ingress
        let rules = try ports.enumerated().map { index, port in
            ChangedRule(
                id: hasIDs ? try Fixture.ruleID(index + 1).description : nil,
                rule: Fixture.rule(direction, port: port),
                ruleDescription: nil
            )
        }
        let change = SecurityGroupChange(kind: kind, groupID: "sg", rules: rules, unread: unread)
        let event = RevertMachine.Event(
            change: change,
            groupID: try Fixture.group(),
            isNewGroup: isNewGroup,
            age: age,
            settle: .seconds(15)
        )
        let policy = Policy(watch: [watch], exempt: [exemption])
        machine = RevertMachine(
            event,
            planner: RevertPlanner(policy: policy, watch: watch, context: context),
            history: history
        )
    }

    /// Shows rules, answers all questions alike, and returns what is to be done.
    mutating func show(
        _ live: [LiveRule],
        isDryRun: Bool = false,
        past: (RevertMachine.Candidate) -> RulePast = { _ in RulePast() }
    ) -> [RevertMachine.Move] {
        let candidates = machine.saw(live, at: now)
        return machine.plan(candidates, pasts: candidates.map(past), isDryRun: isDryRun, at: now, date: date)
    }

    mutating func wait(_ seconds: Int) { now += .seconds(seconds) }

    var outcomes: [RuleOutcome] { machine.reports.map(\.outcome) }
    var isOpen: Bool { machine.isOpen(at: now) }
}

@Suite struct RevertMachineTests {
    private func live(_ id: Int = 1, ports: Int = 22) throws -> LiveRule {
        try Fixture.live(id, Fixture.rule(port: ports))
    }

    @Test func `a rule that stands is revoked, and its answer ends the run`() throws {
        var it = try Machine()
        #expect(try it.machine.look == .rules([Fixture.ruleID()]))
        let moves = it.show([try live()])
        #expect(try moves.map(\.step) == [.revoke(live())])
        #expect(try it.machine.intends(moves) == [Fixture.ruleID()])
        it.machine.accepted(moves[0], isProven: true, at: it.now)
        #expect(!it.isOpen && it.machine.outcome == .reverted)
        #expect(try it.machine.reports.first?.reversal == .revoked(live()))
        #expect(it.machine.reports.first?.isGone == true)
    }

    @Test func `what was kept with the claim is not kept again, and unknown rules need no question`() throws {
        var history = RevertMachine.History()
        history.kept = [try Fixture.ruleID()]
        history.mayKnowRules = false
        var it = try Machine(history: history)
        #expect(try !it.machine.needsPast(it.machine.saw([live()], at: .zero)))
        let moves = it.show([try live()])
        #expect(it.machine.intends(moves) == nil)
    }

    @Test func `a call without an answer had its effect if the rule is gone, else it is made again`() throws {
        var it = try Machine()
        let moves = it.show([try live()])
        it.machine.lost(moves, at: it.now)
        it.wait(100)
        #expect(it.show([try live()]).map(\.step) == moves.map(\.step), "it stands, so the call had no effect")
        it.machine.lost(moves, at: it.now)
        #expect(it.show([]).isEmpty && it.machine.outcome == .reverted)
    }

    @Test func `a rule that is gone without a call of ours is somebody else's doing, after a takeover ours`() throws {
        for isTakeover in [false, true] {
            var history = RevertMachine.History()
            history.matched = [try Fixture.ruleID()]
            history.isTakeover = isTakeover
            var it = try Machine(history: history)
            _ = it.show([])
            #expect(it.machine.outcome == (isTakeover ? .reverted : .unchanged))
            #expect((it.machine.reports.first?.reversal != nil) == isTakeover)
        }
    }

    @Test func `a takeover takes nothing for its doing that no run would have done`() throws {
        var history = RevertMachine.History()
        history.matched = [try Fixture.ruleID()]
        history.isTakeover = true
        var it = try Machine(caller: terraform, history: history)
        #expect(try it.show([live()]).isEmpty)
        #expect(it.machine.outcome == .allowed)
        #expect(try it.machine.reports.first?.standing == live())
        it = try Machine(caller: terraform, history: history)
        #expect(it.show([]).isEmpty)
        #expect(it.machine.outcome == .allowed)
    }

    @Test func `EC2 has the settling time to show what it accepted`() throws {
        var it = try Machine()
        let moves = it.show([try live()])
        it.machine.accepted(moves[0], isProven: false, at: it.now)
        it.wait(14)
        #expect(it.show([try live()]).isEmpty && it.isOpen)
        it.wait(1)
        #expect(it.show([try live()]).isEmpty && !it.isOpen)
        #expect(try it.machine.unproven == .stillStands(live()) && it.machine.outcome == .failed)
    }

    @Test func `where EC2 refuses to restore a rule, it is revoked`() throws {
        var it = try Machine(.ruleModified, caller: nil)
        var past = RulePast()
        let before = RuleContent(rule: Fixture.rule(port: 9), ruleDescription: nil)
        past.earlier = ApprovedContent(
            content: before,
            approval: Approval(source: "exempt tf", caller: Caller(issuerARN: terraform))
        )
        let known = past
        let restore = it.show([try live()]) { _ in known }
        #expect(try restore.map(\.step) == [.restore(live(), to: #require(known.earlier))])
        it.machine.refused(restore[0], "InvalidPermission.Duplicate")
        let revoke = it.show([try live()]) { _ in known }
        #expect(try revoke.map(\.step) == [.revoke(live())])
        it.machine.accepted(revoke[0], isProven: true, at: it.now)
        let reason = it.machine.reports.first?.decision?.reason
        #expect(reason?.hasSuffix("revoke, EC2 refused to restore it: InvalidPermission.Duplicate") == true)
    }

    @Test func `what was restored is remembered with its approval`() throws {
        var it = try Machine(.ruleModified)
        var past = RulePast()
        let approval = Approval(source: "exempt tf", caller: Caller(issuerARN: terraform))
        let before = RuleContent(rule: Fixture.rule(port: 9), ruleDescription: "x")
        past.earlier = ApprovedContent(content: before, approval: approval)
        let known = past
        let moves = it.show([try live()]) { _ in known }
        it.machine.accepted(moves[0], isProven: true, at: it.now)
        let report = try #require(it.machine.reports.first)
        #expect(report.standing?.content == before && report.approval == approval && !report.isGone)
        #expect(try report.reversal == .restored(live()))
    }

    @Test(arguments: [(nil, 15), (terraform, 60)] as [(String?, Int)])
    func `an added rule that says something else is judged by that, once the record of it had its time`(
        caller: String?,
        patience: Int
    ) throws {
        var it = try Machine(watching: [.ingressAdded, .ruleModified], caller: caller)
        let opened = try live(ports: 99)
        #expect(it.show([opened]).isEmpty && it.isOpen)
        it.wait(patience - 1)
        #expect(it.show([opened]).isEmpty && it.isOpen)
        it.wait(1)
        #expect(it.show([opened]).map(\.step) == [.revoke(opened)])

        var alone = try Machine(caller: caller)
        #expect(alone.show([opened]).map(\.step) == [.revoke(opened)], "no record of it would be judged")
    }

    @Test func `a modified rule that says something else has a record of its own`() throws {
        var it = try Machine(.ruleModified)
        #expect(it.show([try live(ports: 99)]).isEmpty)
        #expect(it.outcomes == [.changedSince] && it.machine.outcome == .unchanged)
        var young = try Machine(.ruleModified, age: .zero)
        #expect(young.show([try live(ports: 99)]).isEmpty && young.isOpen, "it may still show what it said before")
    }

    @Test func `a few rules are looked up by id, many in their group`() throws {
        let watch = Watch(origin: "watch")
        let context = ChangeContext(
            group: GroupFacts(groupID: "sg", account: nil, region: nil),
            kind: .ingressAdded,
            issuerARN: nil,
            eventTime: nil
        )
        let planner = RevertPlanner(policy: Policy(watch: [watch]), watch: watch, context: context)
        for (count, isByID) in [(20, true), (21, false)] {
            let rules = (1...count).map { number in
                let id = "sgr-" + String(repeating: "0", count: 15) + String(number + 9)
                return ChangedRule(id: id, direction: nil, traffic: nil, ruleDescription: nil)
            }
            let event = RevertMachine.Event(
                change: SecurityGroupChange(kind: .ingressAdded, groupID: "sg", rules: rules),
                groupID: try Fixture.group(),
                age: .zero,
                settle: .zero
            )
            #expect((RevertMachine(event, planner: planner).look != .group) == isByID)
        }
    }

    @Test func `a rule that is modified faster than the records come is judged by what it says`() throws {
        for (outrun, isRevoked) in [(2, false), (3, true)] {
            var past = RulePast()
            past.outrunModifications = outrun
            let known = past
            var it = try Machine(.ruleModified)
            let opened = try live(ports: 99)
            #expect(it.show([opened]) { _ in known }.map(\.step) == (isRevoked ? [.revoke(opened)] : []))
        }
    }

    @Test
    func `a record whose id is known with other content keeps its exemption, unless somebody else added the rule`()
        throws
    {
        for (isClaimedByOthers, isConflict) in [(false, true), (true, true), (true, false)] {
            var past = RulePast()
            past.isClaimedByOthers = isClaimedByOthers
            let known = past
            var history = RevertMachine.History()
            history.isConflict = isConflict
            var it = try Machine(caller: terraform, history: history)
            let moves = it.show([try live()]) { _ in known }
            #expect(try moves.map(\.step) == (isClaimedByOthers ? [.revoke(live())] : []))
            guard !isClaimedByOthers else { continue }
            #expect(it.outcomes == [.exempt] && it.machine.outcome == .conflict, "people are told")
            #expect(it.machine.reports.first?.approval?.caller.issuerARN == terraform)
        }
        var history = RevertMachine.History()
        history.isConflict = true
        var opened = try Machine(caller: terraform, history: history)
        #expect(opened.show([try live(ports: 99)]).count == 1, "the record says something else")
        var modified = try Machine(.ruleModified, caller: terraform, history: history)
        #expect(modified.show([try live()]).count == 1, "a modification is no proof of who added the rule")
    }

    @Test func `a contradiction makes a conflict, and what stands is judged without exemption`() throws {
        var past = RulePast()
        past.contradiction = "two origins"
        let known = past
        var it = try Machine(caller: terraform)
        let moves = it.show([try live()]) { _ in known }
        #expect(try moves.map(\.step) == [.revoke(live())])
        it.machine.accepted(moves[0], isProven: true, at: it.now)
        #expect(it.machine.outcome == .reverted && it.machine.contradiction == "two origins")

        var history = RevertMachine.History()
        history.isConflict = true
        var gone = try Machine(history: history)
        _ = gone.show([])
        #expect(gone.machine.outcome == .conflict)
        var removal = try Machine(.ingressRemoved, history: history)
        _ = removal.show([])
        #expect(removal.machine.outcome == .conflict && removal.outcomes == [.notRestored])
    }

    @Test func `a removal waits until whoever has the record of the addition is done with it`() throws {
        var it = try Machine(.ingressRemoved, age: .zero)
        #expect(it.machine.isTooEarly(at: it.now) && it.machine.look == .group)
        it.wait(30)
        #expect(!it.machine.isTooEarly(at: it.now))
        _ = it.show([])
        #expect(it.machine.outcome == .notRestored)
        let exempt = try Machine(.ingressRemoved, caller: terraform, age: .zero)
        #expect(!exempt.isOpen && exempt.machine.outcome == .allowed)
    }

    @Test func `a record that cannot be read makes it look through the group for what nobody has judged`() throws {
        var it = try Machine(ports: [], unread: "omitted")
        #expect(it.isOpen && it.machine.look == .group)
        let rules = [try live(1), try live(2), try Fixture.live(3, Fixture.rule(.egress))]
        let moves = it.show(rules) { candidate in
            var past = RulePast()
            if candidate.question.ruleID == rules[0].id { past.lastSeen = rules[0].rule }
            return past
        }
        #expect(moves.map(\.step) == [.revoke(rules[1])])
        it.machine.accepted(moves[0], isProven: true, at: it.now)
        #expect(!it.isOpen && it.machine.outcome == .reverted && it.outcomes == [.reverted])

        var nothing = try Machine(ports: [], unread: "omitted")
        _ = nothing.show([])
        #expect(!nothing.isOpen && nothing.machine.foundNothing)
    }

    @Test func `a rule without an id is found by what it says, and later runs touch no other`() throws {
        var it = try Machine(hasIDs: false)
        #expect(it.machine.look == .group)
        #expect(it.show([try live(7)]).count == 1)
        var history = RevertMachine.History()
        history.matched = [try Fixture.ruleID()]
        var later = try Machine(hasIDs: false, history: history)
        #expect(later.show([try live(7)]).isEmpty && later.machine.outcome == .unchanged)
    }

    @Test func `a dry run reports, and makes no move`() throws {
        var it = try Machine(ports: [22, 23])
        #expect(it.show([try live()], isDryRun: true).isEmpty)
        #expect(it.outcomes == [.reported, .alreadyGone] && it.machine.outcome == .reported)
    }

    @Test func `a rule that may stand and is gone counts as allowed`() throws {
        var it = try Machine(caller: terraform)
        _ = it.show([])
        #expect(it.machine.outcome == .allowed)
    }

    @Test func `a run that fails keeps what it did, and says nothing of the rest`() throws {
        var it = try Machine(ports: [22, 23])
        let moves = it.show([try live(), try live(2, ports: 23)])
        it.machine.accepted(moves[0], isProven: true, at: it.now)
        it.machine.fail()
        #expect(it.outcomes == [.reverted, .failed] && it.machine.outcome == .failed)
    }
}
