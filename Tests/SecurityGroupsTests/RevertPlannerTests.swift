import SecurityGroups
import Testing

@Suite struct RevertPlannerTests {
    private func planner(
        _ kind: ChangeKind,
        changes: Set<ChangeKind>? = nil,
        allow ports: Int...,
        limit: Int? = nil
    ) throws -> RevertPlanner {
        let watch = Watch(changes: changes ?? [kind], origin: "watch")
        let allow = try ports.map {
            Allow(
                ports: [PortRange(from: $0, to: $0)],
                sources: [.cidr(try #require(CIDRBlock("0.0.0.0/0")))],
                origin: "allow \($0)"
            )
        }
        return RevertPlanner(
            policy: Policy(watch: [watch], allow: allow, revertsPerRulePerHour: limit),
            watch: watch,
            context: ChangeContext(
                group: GroupFacts(groupID: "sg-1", account: nil, region: nil),
                kind: kind,
                issuerARN: nil,
                eventTime: nil
            )
        )
    }

    private func content(_ port: Int, _ direction: Direction = .ingress) throws -> RuleContent {
        RuleContent(rule: try Fixture.rule(direction, ports: port), ruleDescription: "was")
    }

    @Test func `an added rule is revoked, a modified one without a past too`() throws {
        let live = try Fixture.live("1", Fixture.rule())
        #expect(try planner(.ingressAdded).plan(for: live, past: RulePast()).step == .revoke(live))
        #expect(try planner(.ruleModified).plan(for: live, past: RulePast()).step == .revoke(live))
    }

    @Test func `a modified rule that may stand stays, whatever it said before`() throws {
        let live = try Fixture.live("1", Fixture.rule())
        let plan = try planner(.ruleModified, allow: 22).plan(for: live, past: RulePast(lastGood: content(443)))
        #expect(plan.step == .nothing(.allowed) && plan.decision.reason == "allow 22")
    }

    @Test func `what is restored must be allowed today, or have been made by somebody exempt`() throws {
        let live = try Fixture.live("1", Fixture.rule())
        let good = try content(443)
        let planner = try planner(.ruleModified, allow: 443)
        #expect(planner.plan(for: live, past: RulePast(lastGood: good)).step == .restore(live, to: good))
        let other = try content(444)
        #expect(planner.plan(for: live, past: RulePast(lastGood: other)).step == .revoke(live))
        let exempt = RulePast(lastGood: other, isLastGoodExempt: true)
        #expect(planner.plan(for: live, past: exempt).step == .restore(live, to: other))
    }

    @Test func `what a rule says now, or said in the other direction, is nothing to restore`() throws {
        let live = try Fixture.live("1", Fixture.rule())
        let planner = try planner(.ruleModified)
        for good in [live.content, try content(443, .egress)] {
            let past = RulePast(lastGood: good, isLastGoodExempt: true)
            #expect(planner.plan(for: live, past: past).step == .revoke(live))
        }
    }

    @Test(arguments: [(nil, 9, false), (2, 1, false), (2, 2, true), (2, 3, true)] as [(Int?, Int, Bool)])
    func `from the limit on a rule is left, whatever was done to it`(limit: Int?, reverts: Int, isLeft: Bool) throws {
        let past = RulePast(reverts: reverts)
        let live = try Fixture.live("1", Fixture.rule())
        let added = try planner(.ingressAdded, limit: limit).plan(for: live, past: past)
        let removed = try planner(.ingressRemoved, limit: limit).plan(forRemoved: live.content, past: past)
        #expect(added.step == (isLeft ? .nothing(.suppressed) : .revoke(live)))
        #expect(removed.step == (isLeft ? .nothing(.suppressed) : .authorize(live.content)))
        #expect(added.decision.decision == .revert)
    }

    @Test func `a removed rule is put back, unless it had been added against the policy`() throws {
        let content = try content(22)
        let planner = try planner(.ingressRemoved, changes: [.ingressAdded, .ingressRemoved])
        #expect(planner.plan(forRemoved: content, past: RulePast()).step == .authorize(content))
        #expect(planner.plan(forRemoved: content, past: RulePast(lastDecision: .exempt)).step == .authorize(content))
        #expect(planner.plan(forRemoved: content, past: RulePast(lastDecision: .revert)).step == .nothing(.allowed))
    }

    @Test func `the ledger is asked only where an answer matters`() throws {
        #expect(try !planner(.ingressAdded).needsPast)
        #expect(try planner(.ingressAdded, limit: 1).needsPast)
        #expect(try planner(.ruleModified).needsPast && planner(.egressRemoved).needsPast)
    }
}
