package import FoundationEssentials

/// The state of one rule of an event.
package enum RuleState: Hashable, Sendable {
    /// Nothing was done yet.
    case open
    /// A call was made, and its effect is not confirmed.
    case attempting(RevertAttempt)
    /// The rule is finished.
    case settled(SettledRule)
}

/// An attempt to revert one rule.
package struct RevertAttempt: Hashable, Sendable {
    /// EC2's answer to a call.
    package enum Answer: Hashable, Sendable {
        /// EC2 accepted the call and does not show the effect yet.
        case accepted
        /// EC2 does not know the rule: it is gone, or EC2 is not yet consistent.
        case unknown
        /// No response arrived. The call may have had its effect.
        case lost
    }

    /// The step that was tried.
    package let step: RevertStep
    /// The policy's decision about the rule.
    package let decision: Decision
    /// The time of the first try, since the start of the run.
    package let since: Duration
    /// The answer to the last call.
    package let answer: Answer

    /// Creates an attempt.
    package init(step: RevertStep, decision: Decision, since: Duration, answer: Answer) {
        self.step = step
        self.decision = decision
        self.since = since
        self.answer = answer
    }

    /// The result of the step once its effect is confirmed.
    ///
    /// - Parameter id: The id of a rule that was put back, if the response or a look showed it.
    func proven(id: SecurityGroupRuleID? = nil, in group: SecurityGroupID) -> SettledRule {
        switch step {
        case .revoke(let live): return SettledRule(.reverted, decision: decision, live: live, reversal: .revoked(live))
        case .restore(let live, let approved):
            var settled = SettledRule(.reverted, decision: decision, live: live, reversal: .restored(live))
            settled.made = LiveRule(id: live.id, groupID: group, approved.content, ownerID: live.ownerID)
            settled.approval = approved.approval
            return settled
        case .authorize(let approved):
            var settled = SettledRule(.reverted, decision: decision)
            settled.reversal = id.map { .putBack($0, approved.content.rule.direction, group) }
            settled.made = id.map { LiveRule(id: $0, groupID: group, approved.content) }
            settled.approval = approved.approval
            return settled
        case .nothing(let outcome): return SettledRule(outcome, decision: decision)
        }
    }
}

/// The result for one rule.
package struct SettledRule: Hashable, Sendable {
    /// The outcome.
    package var outcome: RuleOutcome
    /// The policy's decision; nil if it was not asked.
    package var decision: Decision?
    /// The rule as EC2 showed it before anything was done.
    package var live: LiveRule?
    /// The call that this run made about the rule.
    package var reversal: Reversal?
    /// The rule after this run restored it or put it back.
    package var made: LiveRule?
    /// The reason why it may have its content, if this run decided so.
    package var approval: Approval?
    /// The time from which a revert that waits for a limit may be made.
    package var notBefore: Date?

    /// Creates a result.
    package init(
        _ outcome: RuleOutcome,
        decision: Decision? = nil,
        live: LiveRule? = nil,
        reversal: Reversal? = nil,
        approval: Approval? = nil,
        notBefore: Date? = nil
    ) {
        self.outcome = outcome
        self.decision = decision
        self.live = live
        self.reversal = reversal
        self.approval = approval
        self.notBefore = notBefore
    }

    /// The rule as it stands now, as far as EC2 showed it.
    package var standing: LiveRule? {
        made ?? (outcome == .reverted ? nil : live)
    }

    /// True if the rule was gone, or was revoked.
    package var isGone: Bool {
        if case .revoked? = reversal { true } else { outcome == .alreadyGone }
    }
}

extension LiveRule {
    fileprivate init(
        id: SecurityGroupRuleID,
        groupID: SecurityGroupID,
        _ content: RuleContent,
        ownerID: String? = nil
    ) {
        self.init(
            id: id,
            groupID: groupID,
            rule: content.rule,
            ruleDescription: content.ruleDescription,
            ownerID: ownerID,
            peerOwner: content.peerOwner
        )
    }
}

/// The reason why a run cannot confirm a revert.
package enum UnprovenRule: Hashable, Sendable {
    /// EC2 accepted the call and still shows the rule.
    case stillStands(LiveRule)
    /// EC2 shows the rule and answers that it does not know it.
    case shownButUnknown(LiveRule)
    /// EC2 accepted the new rule and does not show it.
    case notPutBack(SecurityGroupRule)
}
