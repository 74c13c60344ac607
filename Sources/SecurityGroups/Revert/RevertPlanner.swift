/// What the ledger knows of a rule from before the event that is run.
package struct RulePast: Hashable, Sendable {
    /// How often a rule that says the same was reverted in this group within the last hour.
    package var reverts: Int
    /// What the rule of this id said when it was last found to be as it should.
    package var lastGood: RuleContent?
    /// Whether it stood so because of who made it, and not because the policy allowed it to whoever.
    package var isLastGoodExempt: Bool
    /// What was decided when a rule that says the same was last added, or changed to say so; nil if that was never seen.
    package var lastDecision: RuleDecision?

    /// A past; by default one of which nothing is known.
    package init(
        reverts: Int = 0,
        lastGood: RuleContent? = nil,
        isLastGoodExempt: Bool = false,
        lastDecision: RuleDecision? = nil
    ) {
        self.reverts = reverts
        self.lastGood = lastGood
        self.isLastGoodExempt = isLastGoodExempt
        self.lastDecision = lastDecision
    }
}

/// What is to be done about one rule.
package enum RevertStep: Hashable, Sendable {
    /// Take it away.
    case revoke(LiveRule)
    /// Give it back what it said before.
    case restore(LiveRule, to: RuleContent)
    /// Put it back.
    case authorize(RuleContent)
    /// Leave it, with this outcome.
    case nothing(RuleOutcome)
}

/// What is to be done about one rule, and why.
package struct RevertPlan: Hashable, Sendable {
    /// What the policy says. Its reason also tells which way was chosen where there is more than one.
    package let decision: Decision
    /// What follows.
    package let step: RevertStep
}

/// Says of each rule of a watched change what is to be done about it: pure, so the same each time that it is asked.
package struct RevertPlanner: Hashable, Sendable {
    /// What may stand.
    package let policy: Policy
    /// The entry under which the change is watched.
    package let watch: Watch
    /// What was done, by whom, to which group.
    package let context: ChangeContext

    /// A planner for one change.
    package init(policy: Policy, watch: Watch, context: ChangeContext) {
        self.policy = policy
        self.watch = watch
        self.context = context
    }

    /// Whether a plan for such a change rests on what the ledger knows.
    package var needsPast: Bool {
        policy.revertsPerRulePerHour != nil || (context.kind != .ingressAdded && context.kind != .egressAdded)
    }

    /// What the policy says of a rule.
    package func decide(_ rule: SecurityGroupRule) -> Decision {
        policy.decide(rule, context, under: watch)
    }

    /// Plans for a rule that stands and that the event added or modified, by what it says now.
    package func plan(for live: LiveRule, past: RulePast) -> RevertPlan {
        var decision = decide(live.rule)
        if let settled = settled(decision, past) { return settled }
        guard context.kind == .ruleModified else { return RevertPlan(decision: decision, step: .revoke(live)) }
        // What an exempt caller made of the rule, or what today's policy allows, is what may stand again.
        guard let good = past.lastGood, good.rule.direction == live.rule.direction, good.rule != live.rule,
            past.isLastGoodExempt || decide(good.rule).decision != .revert
        else {
            decision = decision.adding("revoke, what may stand again is not known")
            return RevertPlan(decision: decision, step: .revoke(live))
        }
        decision = decision.adding("restore \(good.rule)")
        return RevertPlan(decision: decision, step: .restore(live, to: good))
    }

    /// Plans for a rule that the event removed and that does not stand.
    ///
    /// To put it back must not open what the policy forbids: a rule that had been added against the policy stays away,
    /// whoever removed it.
    package func plan(forRemoved content: RuleContent, past: RulePast) -> RevertPlan {
        if past.lastDecision == .revert {
            let reason = "\(watch.origin); the policy forbade it when it was added"
            return RevertPlan(decision: Decision(decision: .allow, reason: reason), step: .nothing(.allowed))
        }
        let decision = decide(content.rule)
        return settled(decision, past) ?? RevertPlan(decision: decision, step: .authorize(content))
    }

    /// The plan for a rule that is left as it is.
    private func settled(_ decision: Decision, _ past: RulePast) -> RevertPlan? {
        if let outcome = decision.decision.settledOutcome {
            return RevertPlan(decision: decision, step: .nothing(outcome))
        }
        if let limit = policy.revertsPerRulePerHour, past.reverts >= limit {
            let words = "reverted \(past.reverts) times within the last hour, limit \(limit)"
            return RevertPlan(decision: decision.adding(words), step: .nothing(.suppressed))
        }
        return nil
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

extension Decision {
    fileprivate func adding(_ words: String) -> Self {
        Decision(decision: decision, reason: "\(reason); \(words)")
    }
}
