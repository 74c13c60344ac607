import Formats
package import FoundationEssentials

/// The step to take about one rule.
package indirect enum RevertStep: Hashable, Sendable {
    /// Revoke the rule.
    case revoke(LiveRule)
    /// Modify the rule back to its earlier content.
    case restore(LiveRule, to: ApprovedContent)
    /// Add a rule with this content.
    case authorize(ApprovedContent)
    /// Do nothing. The rule has this outcome.
    case nothing(RuleOutcome)
}

/// The step to take about one rule, and the reason.
package struct RevertPlan: Hashable, Sendable {
    /// The policy's decision. Its reason also names the step, if there was a choice.
    package var decision: Decision
    /// The step.
    package var step: RevertStep
    /// The reason why the rule may have its content, if that was decided now.
    package var approval: Approval?
    /// The time from which a revert that waits for a limit may be made.
    package var notBefore: Date?
}

/// Plans the step for each rule of a watched change. The same question always gets the same answer.
///
/// A message alone never adds access. Access is added or widened only to content that the ledger saw in EC2 while it
/// was approved, and that today's policy would allow the approved caller to create now.
package final class RevertPlanner: Sendable {
    /// The policy.
    package let policy: Policy
    /// The entry under which the change is watched.
    package let watch: Watch
    /// The change: its kind, its caller and its group.
    package let context: ChangeContext
    /// The source from which the worker learned of the change.
    package let occasion: Occasion
    /// The policy by which access that the worker adds is judged.
    private let today: Policy

    /// A source from which the worker learns of a change.
    package enum Occasion: Hashable, Sendable {
        /// A record of a call.
        case record
        /// A look at what stands, which found a rule that nothing explains.
        case sweep
        /// The end of the exemption under which the rule was made.
        case exemptionEnd
    }

    /// A planner for one change.
    ///
    /// - Parameter today: The policy of the moment; nil for `policy`.
    package init(
        policy: Policy,
        watch: Watch,
        context: ChangeContext,
        occasion: Occasion = .record,
        today: Policy? = nil
    ) {
        self.policy = policy
        self.watch = watch
        self.context = context
        self.occasion = occasion
        self.today = today ?? policy
    }

    /// The same planner, with the entries of the prefix lists that the rules name.
    func knowing(_ lists: PrefixLists) -> RevertPlanner {
        var context = context
        context.prefixLists = lists
        return RevertPlanner(policy: policy, watch: watch, context: context, occasion: occasion, today: today)
    }

    /// The same planner, which judges access that the worker adds by this policy.
    func knowing(today: Policy) -> RevertPlanner {
        RevertPlanner(policy: policy, watch: watch, context: context, occasion: occasion, today: today)
    }

    /// True if every plan for this change depends on what the ledger knows.
    package var needsPast: Bool {
        policy.limits.areSet || (context.kind != .ingressAdded && context.kind != .egressAdded)
    }

    /// True if a modification of the group's rules is judged through its own record.
    package var watchesModifications: Bool { watch.changes.contains(.ruleModified) }

    /// The policy's decision about a rule that the caller made.
    package func decide(_ rule: SecurityGroupRule) -> Decision {
        policy.decide(rule, context, under: watch)
    }

    /// Plans for a rule that the event added or modified and that stands, by its content now.
    ///
    /// - Parameters:
    ///   - match: How the record compares with the content now. An exemption covers the recorded content and nothing
    ///     else.
    ///   - isConflict: True if the record contradicts the ledger. Nothing is then done on the word of the record.
    ///   - restoreRefusal: The code with which EC2 refused to restore the rule in this run; nil if it did not.
    package func plan(
        for live: LiveRule,
        match: RecordMatch,
        past: RulePast,
        isConflict: Bool = false,
        restoreRefusal: String? = nil,
        now: Date
    ) -> RevertPlan {
        let isBelieved = match != .other && !isConflict
        let judged = isBelieved ? context : context.madeByNobody
        let decision = policy.decide(live.rule, judged, under: watch)
        // An exemption covers what the caller added, and not what another call made, whoever finds it by its content.
        if decision.decision == .exempt, past.isBroughtByAnother, match == .exact, context.kind != .ruleModified {
            return RevertPlan(decision: decision.adding(Self.another), step: .nothing(.changedSince))
        }
        if let outcome = decision.decision.settledOutcome {
            let isProof = decision.decision == .allow || match == .exact
            return RevertPlan(
                decision: decision,
                step: .nothing(outcome),
                approval: isProof ? approval(by: decision, isMaker: isBelieved) : nil
            )
        }
        if let reason = reasonToStay(live, match, past, isConflict, now) {
            return RevertPlan(decision: decision.adding(reason), step: .nothing(.changedSince))
        }
        if let waiting = waiting(decision, past, now) { return waiting }
        guard context.kind == .ruleModified else { return RevertPlan(decision: decision, step: .revoke(live)) }
        return plan(forEdited: live, decision, past, restoreRefusal, now)
    }

    /// Plans for a forbidden edit: the rule gets its earlier content back, or is revoked.
    private func plan(
        forEdited live: LiveRule,
        _ decision: Decision,
        _ past: RulePast,
        _ restoreRefusal: String?,
        _ now: Date
    ) -> RevertPlan {
        if let restoreRefusal {
            return RevertPlan(
                decision: decision.adding("revoke, EC2 refused to restore it: \(restoreRefusal)"),
                step: .revoke(live)
            )
        }
        let contents = [past.earlier].compactMap(\.self) + past.older
        guard let earlier = newestRestorable(of: contents, now: now),
            earlier.content.rule.direction == live.rule.direction,
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

    /// The first of these approved contents to which a forbidden edit may be restored; nil if there is none.
    ///
    /// Content that was made under an exemption whose end closes it was not to last. It is left out once the exemption is over, unless
    /// another one covers its caller.
    private func newestRestorable(of contents: [ApprovedContent], now: Date) -> ApprovedContent? {
        let over = Set(today.exempt.filter { $0.closes(at: now) }.map(\.approval))
        return contents.first {
            !over.contains($0.approval.source) || mayStand($0, as: .ruleModified, now: now)
        }
    }

    /// The reason why a rule may stay although this caller may not make it; nil if it may not stay.
    private func reasonToStay(
        _ live: LiveRule,
        _ match: RecordMatch,
        _ past: RulePast,
        _ isConflict: Bool,
        _ now: Date
    ) -> String? {
        if past.isOfAnotherEvent, match == .exact, !isConflict, context.kind != .ruleModified { return Self.another }
        guard let approval = past.approval else { return nil }
        if approval.outlasts(occasion) { return "it was approved since by \(approval.source)" }
        if isConflict || match == .other || approval.isLater(than: context, occasion) {
            return "it was approved since by \(approval.source)"
        }
        // Without a record, nothing tells that it said the same before: we came because it says this.
        guard occasion == .record, context.kind == .ruleModified else { return nil }
        if past.lastSeen != live.rule {
            // Nothing that was approved since is left to restore, so that the rule would be restored to what it says.
            let approved = ApprovedContent(content: live.content, approval: approval)
            guard newestRestorable(of: past.newer, now: now) == nil, mayStand(approved, as: .ruleModified, now: now)
            else { return nil }
        }
        return "it says what it said before, which was approved by \(approval.source)"
    }

    private static let another = "another event made the rule that stands"

    /// Plans for a rule that the event removed and that does not stand.
    ///
    /// - Parameter rule: The rule's content, if it is known.
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

    /// The policy's decision about the removal of a rule whose content may be unknown.
    func decide(removed rule: SecurityGroupRule?) -> Decision {
        if let rule { return decide(rule) }
        let unknown = ChangedRule(id: nil, direction: context.kind.direction, traffic: nil, ruleDescription: nil)
        return policy.decide(unknown, context, under: watch) ?? Decision(decision: .revert, reason: watch.origin)
    }

    /// Judges the exact result of the worker's own call by today's policy, as if the approved caller had just made it. An exemption
    /// counts only if it holds now and also covered the call that was approved.
    private func mayStand(_ approved: ApprovedContent, as kind: ChangeKind, now: Date) -> Bool {
        guard approved.content.rule.peer.isKnown else { return false }
        let again = context.made(by: approved.approval.caller, kind, at: now)
        let before = context.made(by: approved.approval.caller, kind, at: approved.approval.eventTime)
        let policy = today.keepingExemptions { $0.covers(before) }
        switch policy.watch(again) {
        case .notWatched: return true
        case .undetermined: return false
        case .watched(let entry):
            let rule = approved.content.rule
            if policy.decide(rule, again, under: entry).decision != .revert { return true }
            // A rule of the baseline, or one that a person approved, may stand unless the policy forbids it.
            return approved.approval.isOutsidePolicy
                && policy.objection(to: rule, in: context.group, under: entry, prefixLists: context.prefixLists) == nil
        }
    }

    /// The plan for a rule whose revert waits for a limit; nil if it need not wait.
    private func waiting(_ decision: Decision, _ past: RulePast, _ now: Date) -> RevertPlan? {
        var until = past.roomAt
        var words = "the limits of reverts have no room now"
        if let limit = policy.revertsPerRulePerHour, past.reverts >= limit, let last = past.lastRevert {
            let attempt = past.reverts - limit + 1
            let pause = Backoff.doubled(.seconds(60), attempt: attempt, cap: .seconds(3600)) / .seconds(1)
            let due = last.addingTimeInterval(pause)
            if due > now, due > until ?? .distantPast {
                until = due
                words = "reverted \(past.reverts) times within the last hour, limit \(limit)"
            }
        }
        guard let until, until > now else { return nil }
        return RevertPlan(decision: decision.adding(words), step: .nothing(.suppressed), notBefore: until)
    }

    /// - Parameter isMaker: True if the caller made the rule what it says. False where the record tells of other content, or is
    ///   not believed.
    private func approval(by decision: Decision, isMaker: Bool) -> Approval {
        Approval(
            source: decision.approvedBy ?? decision.decision.rawValue,
            caller: isMaker ? context.caller : Caller(),
            eventTime: context.eventTime,
            exemption: isMaker ? policy.exemption(covering: context)?.approval : nil
        )
    }
}

extension RuleDecision {
    /// The outcome of a rule that is left alone; nil for a rule that must go.
    package var settledOutcome: RuleOutcome? {
        switch self {
        case .revert: nil
        case .allow: .allowed
        case .exempt: .exempt
        }
    }
}

extension Approval {
    /// True if the approval lets a rule stay that is judged without a record. An approval by an allow entry does not: the
    /// policy of today decides anew.
    fileprivate func outlasts(_ occasion: RevertPlanner.Occasion) -> Bool {
        switch occasion {
        case .record: false
        case .sweep: isOutsidePolicy || isExemption
        case .exemptionEnd: isOutsidePolicy
        }
    }

    /// True if the approved event came after `change`. An event without a time counts as not later. Times have whole seconds:
    /// what a record says was approved in the second in which the rule was added came later, since nothing comes before that.
    fileprivate func isLater(than change: ChangeContext, _ occasion: RevertPlanner.Occasion) -> Bool {
        guard let eventTime, let time = change.eventTime else { return false }
        return occasion == .record && change.kind != .ruleModified ? eventTime >= time : eventTime > time
    }
}

extension Decision {
    fileprivate func adding(_ words: String) -> Self {
        Decision(decision: decision, reason: "\(reason); \(words)")
    }
}

extension ChangeContext {
    /// The caller of the change.
    package var caller: Caller {
        Caller(issuerARN: issuerARN, invokedBy: invokedBy, sourceIdentity: sourceIdentity)
    }

    /// The same change, made by an unknown caller.
    package var madeByNobody: Self { made(by: Caller(), kind, at: eventTime) }

    /// A change of `kind` to the same group by another caller.
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
