package import FoundationEssentials

/// What may stand in which groups, who may change it, and how far we go to undo the rest.
package struct Policy: Hashable, Sendable {
    /// The watched groups; the first entry that matches a group decides, and a group that none matches is left alone.
    package var watch: [Watch]
    /// What may stand; a rule that one entry covers entirely stays.
    package var allow: [Allow]
    /// Who may change rules.
    package var exempt: [Exemption]
    /// How often within an hour one rule is reverted before people are told instead; nil for no limit.
    package var revertsPerRulePerHour: Int?
    /// The SNS topic for notifications, where the policy names one.
    package var topicARN: String?
    /// The outcomes of which people are told, where the policy says which.
    package var notifyOn: Set<EventOutcome>?

    /// A policy with these entries.
    package init(
        watch: [Watch],
        allow: [Allow] = [],
        exempt: [Exemption] = [],
        revertsPerRulePerHour: Int? = nil,
        topicARN: String? = nil,
        notifyOn: Set<EventOutcome>? = nil
    ) {
        self.watch = watch
        self.allow = allow
        self.exempt = exempt
        self.revertsPerRulePerHour = revertsPerRulePerHour
        self.topicARN = topicARN
        self.notifyOn = notifyOn
    }

    /// The simplest policy, the one of `--group`: in each of `groups`, no rule may be added to the ingress, and none of
    /// the ingress modified.
    package static func watching(_ groups: [SecurityGroupID]) -> Self {
        Self(watch: groups.map { Watch(groups: [$0.description], origin: "--group \($0)") })
    }
}

/// What a decision rests on beside the rule itself.
package struct ChangeContext: Hashable, Sendable {
    /// The group that was changed.
    package var group: GroupFacts
    /// What was done to it.
    package let kind: ChangeKind
    /// The ARN of the role behind the caller's session, or of the IAM user or root that called; nil for a caller that
    /// has none, to whom nothing can be granted.
    package let issuerARN: String?
    /// When the call was made. A late or replayed event is judged as it would have been in time.
    package let eventTime: Date?

    /// A context with these facts.
    package init(group: GroupFacts, kind: ChangeKind, issuerARN: String?, eventTime: Date?) {
        self.group = group
        self.kind = kind
        self.issuerARN = issuerARN
        self.eventTime = eventTime
    }
}

/// Whether a change is judged at all.
package enum WatchAnswer: Hashable, Sendable {
    /// It is, under this entry.
    case watched(Watch)
    /// It is left alone.
    case notWatched
    /// It depends on what is not known of the group.
    case undetermined(needs: Set<GroupFact>)
}

/// What the policy says of one rule, and where it says so.
package struct Decision: Hashable, Sendable {
    /// Revert, allow or exempt.
    package let decision: RuleDecision
    /// The setting or the line of the policy that made the decision.
    package let reason: String

    /// A decision with its reason.
    package init(decision: RuleDecision, reason: String) {
        self.decision = decision
        self.reason = reason
    }
}
