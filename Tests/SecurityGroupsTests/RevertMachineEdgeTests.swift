import Foundation
import SecurityGroups
import TestSupport
import Testing

/// What the machine is asked and told beside the transitions of single rules.
@Suite struct RevertMachineEdgeTests {
    private static let role = "arn:aws:iam::111122223333:role/terraform"
    private let date = Date(timeIntervalSince1970: 1_764_063_060)

    private func machine(
        _ kind: ChangeKind = .ingressAdded,
        ids: [Int] = [1],
        source: Peer = .cidr(.allIPv4),
        isWhole: Bool = true,
        age: Duration = .seconds(60),
        isNewGroup: Bool = false,
        isOwn: Bool = false,
        policy: Policy? = nil,
        history: RevertMachine.History = .init()
    ) throws -> RevertMachine {
        let watch = Watch(changes: [kind, .ruleModified], origin: "watch")
        let direction: Direction = kind == .egressAdded ? .egress : .ingress
        let rules = try ids.map {
            ChangedRule(
                id: try Fixture.ruleID($0).description,
                rule: Fixture.rule(direction, from: source),
                ruleDescription: "d"
            )
        }
        let known =
            isWhole
            ? rules
            : rules.map { rule in
                ChangedRule(id: rule.id, direction: direction, traffic: nil, ruleDescription: nil)
            }
        let context = ChangeContext(
            group: GroupFacts(groupID: try Fixture.group().description, account: nil, region: nil),
            kind: kind,
            issuerARN: nil,
            eventTime: date - 60
        )
        return RevertMachine(
            RevertMachine.Event(
                change: SecurityGroupChange(kind: kind, groupID: "sg", rules: known),
                groupID: try Fixture.group(),
                isNewGroup: isNewGroup,
                age: age,
                settle: .seconds(15),
                isOwn: isOwn
            ),
            planner: RevertPlanner(policy: policy ?? Policy(watch: [watch]), watch: watch, context: context),
            history: history
        )
    }

    private func moves(
        _ machine: inout RevertMachine,
        _ live: [LiveRule],
        past: RulePast = RulePast(),
        isDryRun: Bool = false,
        at now: Duration = .zero
    ) -> [RevertMachine.Move] {
        let candidates = machine.saw(live, at: now)
        return machine.plan(candidates, pasts: candidates.map { _ in past }, isDryRun: isDryRun, at: now, date: date)
    }

    private func live(_ id: Int = 1) throws -> LiveRule { try Fixture.live(id, Fixture.rule()) }

    @Test func `looks come after half a second, doubling, and then every two seconds`() throws {
        var it = try machine()
        #expect(
            (0..<5).map { _ in it.nextPause() } == [
                .milliseconds(500), .seconds(1), .seconds(2), .seconds(2), .seconds(2),
            ]
        )
    }

    @Test func `rules that were gone are asked about, with what the record says was added`() throws {
        var it = try machine(ids: [1, 2])
        _ = moves(&it, [])
        #expect(
            try it.goneRules
                == [1, 2].map {
                    RuleQuestion(ruleID: try Fixture.ruleID($0), rule: nil, added: Fixture.rule())
                }
        )
        var modified = try machine(.ruleModified)
        _ = moves(&modified, [])
        #expect(try modified.goneRules == [RuleQuestion(ruleID: Fixture.ruleID(), rule: nil)])
        var standing = try machine()
        _ = moves(&standing, [try live()])
        #expect(standing.goneRules.isEmpty)
    }

    @Test func `a contradiction that is told after the look makes a conflict, and the first words are kept`() throws {
        var it = try machine()
        _ = moves(&it, [])
        #expect(it.outcome == .unchanged && !it.isConflict)
        it.contradicts("two origins")
        it.contradicts("three origins")
        #expect(it.outcome == .conflict && it.contradiction == "two origins")
    }

    @Test func `the ids that are intended are told once, those of earlier runs among them`() throws {
        var history = RevertMachine.History()
        history.matched = [try Fixture.ruleID()]
        var it = try machine(ids: [1, 2], history: history)
        let first = moves(&it, [try live(1), try live(2)])
        #expect(try it.intends(first) == [Fixture.ruleID(), Fixture.ruleID(2)])
        #expect(it.intends(first) == nil, "the ledger has all of them")
        #expect(it.intends([]) == nil)
    }

    @Test func `a rule that was revoked by an earlier run counts as that run's, with its id`() throws {
        var history = RevertMachine.History()
        history.matched = [try Fixture.ruleID()]
        history.reverted = [(id: try Fixture.ruleID().description, rule: Fixture.rule())]
        var it = try machine(history: history)
        #expect(moves(&it, []).isEmpty)
        let report = try #require(it.reports.first)
        #expect(it.outcome == .reverted && report.isFromEarlierRun)
        #expect(try report.ruleID == Fixture.ruleID())
        #expect(report.reversal != nil, "so that its undo command is kept")
        #expect(report.isGone && report.standing == nil, "so that the ledger does not show it as standing")
    }

    @Test(
        arguments: [
            (.cidr(.allIPv4), .alreadyGone), (.group(Fixture.groupName), .alreadyGone),
            (.group("sg-00000000000000099"), .notRestored),
        ] as [(Peer, RuleOutcome)]
    )
    func `a group that EC2 does not know when a rule is to be put back is gone, or the rule's source is`(
        _ source: Peer,
        _ outcome: RuleOutcome
    ) throws {
        var it = try machine(.ingressRemoved, source: source, age: .seconds(120))
        var past = RulePast()
        past.earlier = ApprovedContent(
            content: RuleContent(rule: Fixture.rule(from: source), ruleDescription: "d"),
            approval: Approval(source: "exempt tf", caller: Caller(issuerARN: Self.role))
        )
        it.unknown(try #require(moves(&it, [], past: past).first), at: .zero)
        #expect(it.reports.map(\.outcome) == [outcome] && !it.isOpen(at: .zero))
    }

    @Test func `a rule that somebody else put back meanwhile is theirs, unless our answer was lost`() throws {
        for isLost in [false, true] {
            var it = try machine(.ingressRemoved, age: .seconds(120))
            var past = RulePast()
            past.earlier = ApprovedContent(
                content: RuleContent(rule: Fixture.rule(), ruleDescription: nil),
                approval: Approval(source: "exempt tf", caller: Caller(issuerARN: Self.role))
            )
            let found = moves(&it, [], past: past)
            try #require(found.count == 1)
            if isLost { it.lost(found, at: .zero) }
            it.duplicate(found[0], at: .seconds(1))
            #expect(it.reports.map(\.outcome) == [isLost ? .failed : .changedSince])
            #expect(it.isOpen(at: .seconds(1)) == isLost, "a lost answer is looked into")
            if isLost {
                _ = moves(&it, [try live(9)], past: past, at: .seconds(2))
                #expect(try it.reports.first?.reversal == .putBack(Fixture.ruleID(9), .ingress, Fixture.group()))
            }
        }
    }

    /// The record tells the removed rule whole, or by its id alone.
    @Test(arguments: [true, false])
    func `a rule that a run put back before it died stands for the reason of the removed one`(isWhole: Bool) throws {
        var history = RevertMachine.History()
        (history.isTakeover, history.matched) = (true, [try Fixture.ruleID()])
        var it = try machine(.ingressRemoved, isWhole: isWhole, age: .seconds(120), history: history)
        var past = RulePast()
        past.earlier = ApprovedContent(
            content: RuleContent(rule: Fixture.rule(), ruleDescription: nil),
            approval: Approval(source: "exempt tf", caller: Caller(issuerARN: Self.role))
        )
        for move in moves(&it, [try live(9)], past: past) { it.duplicate(move, at: .zero) }
        #expect(moves(&it, [try live(9)], past: past, at: .seconds(1)).isEmpty)
        let report = try #require(it.reports.first)
        #expect(try report.outcome == .reverted && report.ruleID == Fixture.ruleID(9))
        #expect(report.approval?.source == "exempt tf" && report.standing?.rule == Fixture.rule())
    }

    @Test func `a run that ends early fails every rule that is not settled, and keeps the live rule`() throws {
        var it = try machine(ids: [1, 2])
        let first = moves(&it, [try live(1)])
        it.accepted(first[0], isProven: false, at: .zero)
        it.fail()
        #expect(it.outcome == .failed && it.reports.map(\.outcome) == [.failed, .failed])
        #expect(try it.reports[0].standing == live(1), "it may still stand")
        #expect(!it.isOpen(at: .zero))
    }

    @Test func `the egress of a new group is looked for by content, with the rule for IPv6 only if it is forbidden`()
        throws
    {
        let everything = CIDRBlock("::/0").map(RuleSource.cidr)
        let allowsIPv6 = Policy(
            watch: [Watch(changes: [.egressAdded], origin: "watch")],
            allow: [Allow(direction: .egress, sources: [try #require(everything)], origin: "allow")]
        )
        var guessed = try machine(.egressAdded, ids: [], isNewGroup: true)
        #expect(guessed.look == .group)
        _ = moves(&guessed, [])
        #expect(guessed.reports.isEmpty, "a guessed rule that is not there is not reported")
        let none = try machine(.egressAdded, ids: [], isNewGroup: true, policy: allowsIPv6)
        #expect(!none.isOpen(at: .zero))
    }

    @Test func `prefix lists that are given later are judged`() throws {
        let list = "pl-0123456789abcdef0"
        let block = try #require(CIDRBlock("10.0.0.0/24"))
        let watch = Watch(changes: [.ingressAdded], origin: "watch")
        var policy = Policy(watch: [watch], allow: [Allow(sources: [.cidr(block)], origin: "allow")])
        policy.expandPrefixLists = true
        let rule = Fixture.rule(from: .prefixList(list))
        let live = try Fixture.live(1, rule)
        for (entries, isAllowed) in [([block], true), ([block, .allIPv4], false)] {
            let changed = ChangedRule(id: live.id.description, rule: rule, ruleDescription: nil)
            let context = ChangeContext(
                group: GroupFacts(groupID: try Fixture.group().description, account: nil, region: nil),
                kind: .ingressAdded,
                issuerARN: nil,
                eventTime: nil
            )
            var it = RevertMachine(
                RevertMachine.Event(
                    change: SecurityGroupChange(kind: .ingressAdded, groupID: "sg", rules: [changed]),
                    groupID: try Fixture.group(),
                    age: .seconds(60),
                    settle: .seconds(15)
                ),
                planner: RevertPlanner(policy: policy, watch: watch, context: context)
            )
            it.know(PrefixLists([list: entries]))
            #expect(moves(&it, [live]).isEmpty == isAllowed)
        }
    }

    @Test func `an event of our own leaves a rule alone that says something else by now`() throws {
        var it = try machine(isOwn: true)
        let other = try Fixture.live(1, Fixture.rule(port: 23))
        #expect(moves(&it, [other]).isEmpty)
        #expect(it.reports.map(\.outcome) == [.changedSince])
        #expect(it.outcome == .unchanged)
        // No record told of an addition, so nothing is remembered of one.
        #expect(it.reports.map(\.added) == [nil])
        var same = try machine(isOwn: true)
        #expect(try moves(&same, [live()]).count == 1)
    }
}
