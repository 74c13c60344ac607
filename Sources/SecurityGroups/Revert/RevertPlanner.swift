package import FoundationEssentials

/// What is to be done about one rule.
package enum RevertStep: Hashable, Sendable {
    /// Take it away.
    case revoke(LiveRule)
    /// Give it back what it said before.
    case restore(LiveRule, to: ApprovedContent)
    /// Put it back.
    case authorize(ApprovedContent)
    /// Leave it, with this outcome.
    case nothing(RuleOutcome)
}

/// What is to be done about one rule, and why.
package struct RevertPlan: Hashable, Sendable {
    /// What the policy says. Its reason also tells which way was chosen where there is more than one.
    package var decision: Decision
    /// What follows.
    package var step: RevertStep
    /// Why the rule may say what it says now, where that was decided now.
    package var approval: Approval?
    /// When a revert that waits for a limit may be made.
    package var notBefore: Date?
}

/// Says of each rule of a watched change what is to be done about it: pure, so the same each time that it is asked.
///
/// A message alone never opens anything: access is added or widened only to content that the ledger saw in EC2 while it was
/// approved, and that today's policy would let whoever was approved make again now.
package struct RevertPlanner: Hashable, Sendable {
    /// What may stand.
    package let policy: Policy
    /// The entry under which the change is watched.
    package let watch: Watch
    /// What was done, by whom, to which group.
    package internal(set) var context: ChangeContext

    /// A planner for one change.
    package init(policy: Policy, watch: Watch, context: ChangeContext) {
        self.policy = policy
        self.watch = watch
        self.context = context
    }

    /// True where each plan for such a change rests on what the ledger knows.
    package var needsPast: Bool {
        policy.limits.areSet || (context.kind != .ingressAdded && context.kind != .egressAdded)
    }

    /// True where a modification of the group's rules is judged by its own record.
    package var watchesModifications: Bool { watch.changes.contains(.ruleModified) }

    /// What the policy says of a rule that whoever called made.
    package func decide(_ rule: SecurityGroupRule) -> Decision {
        policy.decide(rule, context, under: watch)
    }

    /// Plans for a rule that stands and that the event added or modified, by what it says now.
    ///
    /// - Parameters:
    ///   - match: How what it says now compares with the record. An exempt caller's exemption covers what the record says and
    ///     nothing else.
    ///   - isConflict: Whether the record contradicts what the ledger knows, so that nothing is done on its word.
    package func plan(
        for live: LiveRule,
        match: RecordMatch,
        past: RulePast,
        isConflict: Bool = false,
        now: Date
    ) -> RevertPlan {
        let isBelieved = match != .other && !isConflict
        let judged = isBelieved ? context : context.madeByNobody
        let decision = policy.decide(live.rule, judged, under: watch)
        if let outcome = decision.decision.settledOutcome {
            let isProof = decision.decision == .allow || match == .exact
            return RevertPlan(
                decision: decision,
                step: .nothing(outcome),
                approval: isProof ? approval(by: decision) : nil
            )
        }
        if let reason = reasonToStay(live.rule, match, past, isConflict) {
            return RevertPlan(decision: decision.adding(reason), step: .nothing(.changedSince))
        }
        if let waiting = waiting(decision, past, now) { return waiting }
        guard context.kind == .ruleModified else { return RevertPlan(decision: decision, step: .revoke(live)) }
        guard let earlier = past.earlier, earlier.content.rule.direction == live.rule.direction,
            earlier.content.rule != live.rule, mayStand(earlier, as: .ruleModified, now: now)
        else {
            return RevertPlan(
                decision: decision.adding("revoke, what may stand again is not known"),
                step: .revoke(live)
            )
        }
        return RevertPlan(
            decision: decision.adding("restore \(earlier.content.rule)"),
            step: .restore(live, to: earlier)
        )
    }

    /// Why a rule that the caller might not make may stay all the same; nil where it may not.
    private func reasonToStay(
        _ rule: SecurityGroupRule,
        _ match: RecordMatch,
        _ past: RulePast,
        _ isConflict: Bool
    ) -> String? {
        if past.isOfAnotherEvent, match == .exact, !isConflict, context.kind != .ruleModified {
            return "another event made the rule that stands"
        }
        guard let approval = past.approval else { return nil }
        if isConflict || match == .other || approval.isLater(than: context.eventTime) {
            return "it was approved since by \(approval.source)"
        }
        if context.kind == .ruleModified, past.lastSeen == rule {
            return "it says what it said before, which was approved by \(approval.source)"
        }
        return nil
    }

    /// Plans for a rule that the event removed and that does not stand.
    ///
    /// - Parameter rule: What it said, where that is known.
    package func plan(
        forRemoved rule: SecurityGroupRule?,
        past: RulePast,
        isConflict: Bool = false,
        now: Date
    ) -> RevertPlan {
        let known = rule ?? past.earlier?.content.rule
        let decision = decide(removed: known)
        if decision.decision == .exempt { return RevertPlan(decision: decision, step: .nothing(.exempt)) }
        let forbidden = Decision(decision: .revert, reason: watch.origin)
        if past.isSettledLater {
            return RevertPlan(
                decision: forbidden.adding("a later event about it was approved"),
                step: .nothing(.changedSince)
            )
        }
        if !isConflict, let earlier = past.earlier, earlier.content.rule == known,
            mayStand(earlier, as: earlier.content.rule.direction.added, now: now)
        {
            return waiting(forbidden, past, now) ?? RevertPlan(decision: forbidden, step: .authorize(earlier))
        }
        if decision.decision == .allow { return RevertPlan(decision: decision, step: .nothing(.allowed)) }
        if past.lastDecision == .revert {
            let reason = "\(watch.origin); the policy forbade it when it was added"
            return RevertPlan(decision: Decision(decision: .allow, reason: reason), step: .nothing(.allowed))
        }
        let words =
            past.earlier == nil
            ? "the ledger did not see it stand approved" : "today's policy forbids what was approved"
        return RevertPlan(decision: decision.adding("not put back, \(words)"), step: .nothing(.notRestored))
    }

    /// What the policy says of the removal of a rule, of which nobody may know what it said.
    func decide(removed rule: SecurityGroupRule?) -> Decision {
        if let rule { return decide(rule) }
        let unknown = ChangedRule(id: nil, direction: context.kind.direction, traffic: nil, ruleDescription: nil)
        return policy.decide(unknown, context, under: watch) ?? Decision(decision: .revert, reason: watch.origin)
    }

    /// Judges the exact result of a call of ours by today's policy, as if whoever was approved had just made it.
    private func mayStand(_ approved: ApprovedContent, as kind: ChangeKind, now: Date) -> Bool {
        let again = context.made(by: approved.approval.caller, kind, at: now)
        switch policy.watch(again) {
        case .notWatched: return true
        case .undetermined: return false
        case .watched(let entry):
            let rule = approved.content.rule
            if policy.decide(rule, again, under: entry).decision != .revert { return true }
            // What stood before anybody watched, and what a person approved, may stand unless the policy closes it.
            return approved.approval.isByPerson
                && policy.objection(to: rule, in: context.group, under: entry, prefixLists: context.prefixLists) == nil
        }
    }

    /// The plan for a rule whose revert waits for a limit.
    private func waiting(_ decision: Decision, _ past: RulePast, _ now: Date) -> RevertPlan? {
        var until = past.roomAt
        var words = "the limits of reverts have no room now"
        if let limit = policy.revertsPerRulePerHour, past.reverts >= limit, let last = past.lastRevert {
            let pause = min(60 * Double(1 << min(past.reverts - limit, 6)), 3600)
            let due = last.addingTimeInterval(pause)
            if due > now, due > until ?? .distantPast {
                until = due
                words = "reverted \(past.reverts) times within the last hour, limit \(limit)"
            }
        }
        guard let until, until > now else { return nil }
        return RevertPlan(decision: decision.adding(words), step: .nothing(.suppressed), notBefore: until)
    }

    private func approval(by decision: Decision) -> Approval {
        let isExempt = decision.decision == .exempt
        return Approval(
            source: decision.approvedBy ?? decision.decision.rawValue,
            caller: isExempt ? context.caller : Caller(),
            eventTime: context.eventTime
        )
    }
}

extension RuleDecision {
    /// The outcome of a rule that is left alone, or nil for one that must go.
    package var settledOutcome: RuleOutcome? {
        switch self {
        case .revert: nil
        case .allow: .allowed
        case .exempt: .exempt
        }
    }
}

extension Approval {
    /// True for what no entry of the policy approved.
    fileprivate var isByPerson: Bool { source == "baseline" || source.hasPrefix("approved ") }

    /// True where the approved event came after `time`. What has no time cannot be later.
    fileprivate func isLater(than time: Date?) -> Bool {
        guard let eventTime, let time else { return false }
        return eventTime > time
    }
}

extension Decision {
    fileprivate func adding(_ words: String) -> Self {
        Decision(decision: decision, reason: "\(reason); \(words)")
    }
}

extension ChangeContext {
    /// Who made the change.
    package var caller: Caller {
        Caller(issuerARN: issuerARN, invokedBy: invokedBy, sourceIdentity: sourceIdentity)
    }

    /// The same change as nobody in particular would make it.
    package var madeByNobody: Self { made(by: Caller(), kind, at: eventTime) }

    /// A change of `kind` to the same group by somebody else.
    package func made(by caller: Caller, _ kind: ChangeKind, at time: Date?) -> Self {
        ChangeContext(
            group: group,
            kind: kind,
            issuerARN: caller.issuerARN,
            invokedBy: caller.invokedBy,
            sourceIdentity: caller.sourceIdentity,
            eventTime: time,
            prefixLists: prefixLists
        )
    }
}
