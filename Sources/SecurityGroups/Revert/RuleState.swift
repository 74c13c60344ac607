package import FoundationEssentials

/// How far one rule of an event has come.
package enum RuleState: Hashable, Sendable {
    /// Nothing was done about it.
    case open
    /// A call about it was made, and its effect is not proven.
    case attempting(RevertAttempt)
    /// It is done.
    case settled(SettledRule)
}

/// What was tried about a rule.
package struct RevertAttempt: Hashable, Sendable {
    /// What EC2 answered.
    package enum Answer: Hashable, Sendable {
        /// It took the call, and does not show the effect yet.
        case accepted
        /// It does not know the rule: the rule is gone, or EC2's parts do not agree yet.
        case unknown
        /// Nothing that reached us. The call may have had its effect.
        case lost
    }

    /// What was to be done.
    package let step: RevertStep
    /// What the policy said of the rule.
    package let decision: Decision
    /// When it was first tried, from the run's start.
    package let since: Duration
    /// The answer to the last call.
    package let answer: Answer

    /// An attempt.
    package init(step: RevertStep, decision: Decision, since: Duration, answer: Answer) {
        self.step = step
        self.decision = decision
        self.since = since
        self.answer = answer
    }

    /// What follows from the step once its effect is proven.
    ///
    /// - Parameter id: The id of a rule that was put back, where the answer or a look named it.
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

/// How a rule came out.
package struct SettledRule: Hashable, Sendable {
    /// What became of it.
    package var outcome: RuleOutcome
    /// What the policy said of it; nil where it was not asked.
    package var decision: Decision?
    /// The rule as EC2 showed it, before anything was done to it.
    package var live: LiveRule?
    /// What was done to it by this run.
    package var reversal: Reversal?
    /// The rule as this run made it, where it restored it or put it back.
    package var made: LiveRule?
    /// Why it may say what it says, where that was decided by this run.
    package var approval: Approval?
    /// When a revert that waits for a limit may be made.
    package var notBefore: Date?

    /// A rule that came out so.
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

    /// True where the rule was seen to be gone, or was taken away.
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

/// Why a run cannot say that a rule is as it should be.
package enum UnprovenRule: Hashable, Sendable {
    /// EC2 accepted the call, and shows the rule all the same.
    case stillStands(LiveRule)
    /// EC2 shows the rule, and answers that it does not know it.
    case shownButUnknown(LiveRule)
    /// EC2 accepted that the rule be put back, and does not show it all the same.
    case notPutBack(SecurityGroupRule)
}
