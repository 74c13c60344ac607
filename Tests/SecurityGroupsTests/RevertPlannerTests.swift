import Foundation
import SecurityGroups
import TestSupport
import Testing

private let now = Date(timeIntervalSince1970: 1_764_063_000)
private let terraform = "arn:aws:iam::111122223333:role/terraform"

/// A past with some of its values.
private func past(_ change: (inout RulePast) -> Void = { _ in }) -> RulePast {
    var past = RulePast()
    change(&past)
    return past
}

private func planner(
    _ kind: ChangeKind,
    changes: Set<ChangeKind>? = nil,
    allow ports: Int...,
    exemptUntil: Date? = nil,
    caller: String? = nil,
    limit: Int? = nil
) throws -> RevertPlanner {
    let watch = Watch(changes: changes ?? [kind], origin: "watch")
    let allow = try ports.map {
        Allow(
            name: "web",
            ports: [PortRange(from: $0, to: $0)],
            sources: [.cidr(try #require(CIDRBlock("0.0.0.0/0")))],
            origin: "allow \($0)"
        )
    }
    let exemption = Exemption(name: "tf", principals: [Wildcard(terraform)], until: exemptUntil, origin: "exempt")
    let context = ChangeContext(
        group: GroupFacts(groupID: "sg-1", account: nil, region: nil),
        kind: kind,
        issuerARN: caller,
        eventTime: now - 60
    )
    let policy = Policy(watch: [watch], allow: allow, exempt: [exemption], revertsPerRulePerHour: limit)
    return RevertPlanner(policy: policy, watch: watch, context: context)
}

private func approved(
    _ port: Int,
    _ direction: Direction = .ingress,
    by issuer: String? = nil
) throws -> ApprovedContent {
    ApprovedContent(
        content: RuleContent(rule: Fixture.rule(direction, port: port), ruleDescription: "was"),
        approval: Approval(source: "x", caller: Caller(issuerARN: issuer), eventTime: now - 600)
    )
}

@Suite struct RevertPlannerTests {
    private func live() throws -> LiveRule { try Fixture.live() }

    @Test func `an added rule is revoked, a modified one without a past too`() throws {
        for kind in [ChangeKind.ingressAdded, .ruleModified] {
            let plan = try planner(kind).plan(for: live(), match: .exact, past: past(), now: now)
            #expect(try plan.step == .revoke(live()) && plan.approval == nil)
        }
    }

    @Test(arguments: [RecordMatch.exact, .untold, .other])
    func `what the policy allows may stand, whatever the record says, and is approved`(match: RecordMatch) throws {
        let plan = try planner(.ruleModified, allow: 22).plan(for: live(), match: match, past: past(), now: now)
        #expect(plan.step == .nothing(.allowed) && plan.decision.reason == "allow 22")
        #expect(plan.approval == Approval(source: "allow web", eventTime: now - 60))
    }

    @Test(arguments: [(RecordMatch.exact, false), (.untold, false), (.other, false), (.exact, true)])
    func `only a record that tells of what stands, and is believed, says who made a rule that is allowed`(
        match: RecordMatch,
        isConflict: Bool
    ) throws {
        let planner = try planner(.ruleModified, allow: 22, caller: terraform)
        let plan = planner.plan(for: try live(), match: match, past: past(), isConflict: isConflict, now: now)
        let approval = try #require(plan.approval)
        let isMaker = match != .other && !isConflict
        #expect(approval.source == "allow web" && approval.eventTime == now - 60)
        #expect(approval.caller == Caller(issuerARN: isMaker ? terraform : nil))
        // Another host learns of the exemption, which holds when the policy allows the rule no longer.
        let elsewhere = Approval(source: "exempt tf", caller: approval.caller, eventTime: now - 60)
        #expect(approval.elsewhere == (isMaker ? elsewhere : nil))
    }

    @Test(arguments: [(RecordMatch.exact, false), (.untold, false), (.other, false), (.exact, true)])
    func `an exemption covers what the record says and EC2 shows, and no more`(
        match: RecordMatch,
        isConflict: Bool
    ) throws {
        let planner = try planner(.ingressAdded, caller: terraform)
        let plan = planner.plan(for: try live(), match: match, past: past(), isConflict: isConflict, now: now)
        let isExempt = match != .other && !isConflict
        #expect(try plan.step == (isExempt ? .nothing(.exempt) : .revoke(live())))
        #expect((plan.approval?.caller.issuerARN == terraform) == (match == .exact && !isConflict))
    }

    @Test func `only approved content is restored, and only where today's policy lets it be made again`() throws {
        let live = try live()
        func step(_ planner: RevertPlanner, _ earlier: ApprovedContent?) -> RevertStep {
            planner.plan(for: live, match: .exact, past: past { $0.earlier = earlier }, now: now).step
        }
        let planner = try planner(.ruleModified, allow: 443)
        #expect(try step(planner, approved(443)) == .restore(live, to: approved(443)))
        #expect(step(planner, nil) == .revoke(live))
        #expect(try step(planner, approved(444)) == .revoke(live), "today's policy forbids it")
        #expect(try step(planner, approved(443, .egress)) == .revoke(live), "another direction")
        #expect(try step(planner, approved(444, by: terraform)) == .restore(live, to: approved(444, by: terraform)))
    }

    @Test func `an exemption that has ended approves nothing any more`() throws {
        let live = try live()
        let earlier = try approved(444, by: terraform)
        for (until, isRestored) in [(now + 1, true), (now, false), (now - 300, false)] {
            let planner = try planner(.ruleModified, exemptUntil: until)
            let plan = planner.plan(for: live, match: .exact, past: past { $0.earlier = earlier }, now: now)
            #expect(plan.step == (isRestored ? .restore(live, to: earlier) : .revoke(live)))
            let removal = try removalPlanner(until).plan(
                forRemoved: earlier.content.rule,
                past: past { $0.earlier = earlier },
                now: now
            )
            #expect(removal.step == (isRestored ? .authorize(earlier) : .nothing(.notRestored)))
        }
    }

    @Test func `the next exemption of the same caller brings nothing back that was made under the last one`() throws {
        let exemptions = [now - 700, now - 10].map { from in
            Exemption(principals: [Wildcard(terraform)], from: from, until: from + 200, origin: "exempt")
        }
        let watch = Watch(changes: [.ruleModified], origin: "watch")
        let context = ChangeContext(
            group: GroupFacts(groupID: "sg-1", account: nil, region: nil),
            kind: .ruleModified,
            issuerARN: nil,
            eventTime: now - 60
        )
        let planner = RevertPlanner(
            policy: Policy(watch: [watch], exempt: exemptions),
            watch: watch,
            context: context
        )
        let earlier = try approved(444, by: terraform)
        let plan = try planner.plan(for: live(), match: .exact, past: past { $0.earlier = earlier }, now: now)
        #expect(try plan.step == .revoke(live()))
    }

    private func removalPlanner(_ until: Date) throws -> RevertPlanner {
        try planner(.ingressRemoved, changes: [.ingressAdded, .ingressRemoved], exemptUntil: until)
    }

    @Test func `what was approved for exactly this id and content since the event stays`() throws {
        let live = try live()
        let cases: [(RecordMatch, Double, Bool, Bool)] = [
            // How the record compares, when the approved event was, whether the record is a conflict: does the rule stay?
            (.exact, -10, false, true), (.exact, -60, false, true), (.exact, -61, false, false),
            (.exact, -600, false, false),
            (.other, -600, false, true), (.exact, -600, true, true), (.untold, -10, false, true),
        ]
        for (match, seconds, isConflict, stays) in cases {
            let approval = Approval(source: "exempt tf", eventTime: now + seconds)
            let plan = try planner(.ingressAdded).plan(
                for: live,
                match: match,
                past: past { $0.approval = approval },
                isConflict: isConflict,
                now: now
            )
            #expect(plan.step == (stays ? .nothing(.changedSince) : .revoke(live)), "\(match) \(seconds) \(isConflict)")
        }
    }

    @Test func `an approval in the second of a change is later than an addition, and no later than an edit`() throws {
        let live = try live()
        let approval = Approval(source: "exempt tf", eventTime: now - 60)
        for (kind, stays) in [(ChangeKind.ingressAdded, true), (.ruleModified, false)] {
            let plan = try planner(kind).plan(
                for: live,
                match: .exact,
                past: past { $0.approval = approval },
                now: now
            )
            #expect(plan.step == (stays ? .nothing(.changedSince) : .revoke(live)))
        }
    }

    @Test func `an exemption that ended in the second in which it let a rule in does not keep the rule`() throws {
        let approval = Approval(source: "exempt tf", eventTime: now - 60)
        let record = try planner(.ingressAdded)
        let planner = RevertPlanner(
            policy: record.policy,
            watch: record.watch,
            context: record.context,
            occasion: .exemptionEnd
        )
        let plan = try planner.plan(for: live(), match: .exact, past: past { $0.approval = approval }, now: now)
        #expect(try plan.step == .revoke(live()))
    }

    @Test func `an exemption does not cover the rule of another event that says the same`() throws {
        let plan = try planner(.ingressAdded, caller: terraform).plan(
            for: live(),
            match: .exact,
            past: past { $0.isBroughtByAnother = true },
            now: now
        )
        #expect(plan.step == .nothing(.changedSince) && plan.approval == nil)
    }

    @Test func `an edit of the description alone is no change`() throws {
        let live = try live()
        let approval = Approval(source: "exempt tf", eventTime: now - 600)
        let same = past {
            $0.approval = approval
            $0.lastSeen = live.rule
        }
        #expect(
            try planner(.ruleModified).plan(for: live, match: .exact, past: same, now: now).step
                == .nothing(.changedSince)
        )
        let other = past {
            $0.approval = approval
            $0.lastSeen = Fixture.rule(port: 9)
        }
        #expect(try planner(.ruleModified).plan(for: live, match: .exact, past: other, now: now).step == .revoke(live))
    }

    @Test func `a rule without an id that another event made is not this event's`() throws {
        let plan = try planner(.egressAdded).plan(
            for: live(),
            match: .exact,
            past: past { $0.isOfAnotherEvent = true },
            now: now
        )
        #expect(plan.step == .nothing(.changedSince))
    }

    @Test(
        arguments: [
            (nil, 9, 0.0, nil), (2, 1, 0, nil), (2, 2, 30, 60), (2, 2, 61, nil), (2, 3, 61, 120), (2, 4, 200, 240),
            (2, 20, 3599, 3600), (2, 20, 3600, nil),
        ] as [(Int?, Int, Double, Double?)]
    )
    func `beyond the limit a revert waits from the last one on, longer each time, and is made in the end`(
        limit: Int?,
        reverts: Int,
        secondsSince: Double,
        pause: Double?
    ) throws {
        let past = past {
            $0.reverts = reverts
            $0.lastRevert = now - secondsSince
        }
        let live = try live()
        let plan = try planner(.ingressAdded, limit: limit).plan(for: live, match: .exact, past: past, now: now)
        #expect(plan.decision.decision == .revert)
        #expect(plan.step == (pause == nil ? .revoke(live) : .nothing(.suppressed)))
        #expect(plan.notBefore == pause.map { now - secondsSince + $0 })
    }

    @Test func `a group or worker without room waits for it`() throws {
        let full = past { $0.roomAt = now + 100 }
        let plan = try planner(.ingressAdded).plan(for: live(), match: .exact, past: full, now: now)
        #expect(plan.step == .nothing(.suppressed) && plan.notBefore == now + 100)
        let open = past { $0.roomAt = now - 1 }
        #expect(
            try planner(.ingressAdded).plan(for: live(), match: .exact, past: open, now: now).step == .revoke(live())
        )
    }

    @Test func `the ledger is asked only where an answer matters`() throws {
        #expect(try !planner(.ingressAdded).needsPast)
        #expect(try planner(.ingressAdded, limit: 1).needsPast)
        #expect(try planner(.ruleModified).needsPast && planner(.egressRemoved).needsPast)
    }
}

@Suite struct RemovalPlannerTests {
    private func plan(
        _ planner: RevertPlanner,
        _ rule: SecurityGroupRule?,
        isConflict: Bool = false,
        _ change: (inout RulePast) -> Void = { _ in }
    ) -> RevertPlan {
        planner.plan(forRemoved: rule, past: past(change), isConflict: isConflict, now: now)
    }

    @Test func `a rule of which the ledger knows nothing is never put back`() throws {
        let rule = Fixture.rule(port: 22)
        let planner = try planner(.ingressRemoved)
        #expect(plan(planner, rule).step == .nothing(.notRestored))
        #expect(plan(planner, nil).step == .nothing(.notRestored))
    }

    @Test func `what the ledger saw stand approved is put back, also where the record tells the id alone`() throws {
        let earlier = try approved(22)
        let planner = try planner(.ingressRemoved)
        for rule in [earlier.content.rule, nil] {
            #expect(plan(planner, rule) { $0.earlier = earlier }.step == .authorize(earlier))
        }
        let other = Fixture.rule(port: 23)
        #expect(plan(planner, other) { $0.earlier = earlier }.step == .nothing(.notRestored), "the record says another")
        #expect(plan(planner, nil, isConflict: true) { $0.earlier = earlier }.step == .nothing(.notRestored))
    }

    @Test func `what today's policy forbids stays away, where additions are watched`() throws {
        let earlier = try approved(22)
        let watched = try planner(.ingressRemoved, changes: [.ingressAdded, .ingressRemoved])
        #expect(plan(watched, earlier.content.rule) { $0.earlier = earlier }.step == .nothing(.notRestored))
        let allowed = try planner(.ingressRemoved, changes: [.ingressAdded, .ingressRemoved], allow: 22)
        #expect(plan(allowed, earlier.content.rule) { $0.earlier = earlier }.step == .authorize(earlier))
        let other = try planner(.ingressRemoved, changes: [.ingressAdded, .ingressRemoved], allow: 443)
        #expect(plan(other, earlier.content.rule).step == .nothing(.allowed), "its removal is what the policy wants")
    }

    @Test func `a rule that had been added against the policy stays away, and nobody needs to be told`() throws {
        let rule = Fixture.rule(port: 22)
        let planner = try planner(.ingressRemoved)
        #expect(plan(planner, rule) { $0.lastDecision = .revert }.step == .nothing(.allowed))
    }

    @Test func `whoever is exempt may remove, and settles it for records that come late`() throws {
        let earlier = try approved(22)
        let exempt = try planner(.ingressRemoved, caller: terraform)
        #expect(plan(exempt, earlier.content.rule) { $0.earlier = earlier }.step == .nothing(.exempt))
        let late = try planner(.ingressRemoved)
        let step = plan(late, earlier.content.rule) {
            $0.earlier = earlier
            $0.isSettledLater = true
        }.step
        #expect(step == .nothing(.changedSince))
    }
}
