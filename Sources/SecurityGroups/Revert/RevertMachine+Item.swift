extension RevertMachine {
    /// How the run learned of a rule.
    enum Origin: Hashable, Sendable {
        /// The record names it.
        case recorded
        /// AWS may have added the rule; the record does not say.
        case guessed
        /// The group has the rule, and the record cannot be read well enough to tell whether the event added it.
        case found
        /// The group has the rule, and the ledger has judged it before.
        case known
    }

    /// One rule of the event and its state in this run.
    struct Item: Sendable {
        let changed: ChangedRule
        var origin = Origin.recorded
        var state = RuleState.open
        /// The time at which the rule was first seen with content other than the record's.
        var otherSince: Duration?
        /// The code with which EC2 refused to restore the rule; nil if it did not.
        var restoreRefusal: String?

        var attempt: RevertAttempt? { if case .attempting(let attempt) = state { attempt } else { nil } }
        var settled: SettledRule? { if case .settled(let settled) = state { settled } else { nil } }
    }

    /// A rule that is ready to be judged by the ledger and the policy.
    package struct Candidate: Sendable {
        let index: Int
        let live: LiveRule?
        let match: RecordMatch
        /// The question for the ledger.
        package let question: RuleQuestion
        /// The id under which an earlier run of the event has put the rule back; nil if none has.
        var putBack: SecurityGroupRuleID?
    }

    /// The next step for one rule.
    package struct Move: Hashable, Sendable {
        /// The rule's index in the run.
        package let index: Int
        /// The step.
        package let step: RevertStep
        let decision: Decision
    }

    /// The rules to look up in EC2.
    package enum Look: Hashable, Sendable {
        /// These rules.
        case rules([SecurityGroupRuleID])
        /// All rules of the group.
        case group
    }
}
