package import FoundationEssentials

/// What may stand in which groups, who may change it, and how far we go to undo the rest.
package struct Policy: Hashable, Sendable {
    /// The watched groups; the first entry that matches a group decides, and a group that none matches is left alone.
    package var watch: [Watch]
    /// What may stand; a rule that one entry covers entirely stays.
    package var allow: [Allow]
    /// What must not stand. Empty: whatever no allow entry covers.
    package var forbid: [Forbid]
    /// Who may change rules.
    package var exempt: [Exemption]
    /// How often within an hour one rule is reverted without a wait; nil for no limit.
    package var revertsPerRulePerHour: Int?
    /// How many rules of one group are reverted within an hour; nil for no limit.
    package var revertsPerGroupPerHour: Int?
    /// How many rules are reverted within an hour; nil for no limit.
    package var revertsPerHour: Int?
    /// True if a prefix list is judged by its entries.
    package var expandPrefixLists: Bool
    /// The SNS topic for notifications, where the policy names one.
    package var topicARN: String?
    /// The outcomes of which people are told, where the policy says which.
    package var notifyOn: Set<EventOutcome>?
    /// The SHA-256 of the text that the policy was read from, in lower-case hexadecimal. It names the policy in the log
    /// and in the ledger; empty for a policy that was read from no text.
    package var digest: String

    /// A policy with these entries.
    package init(
        watch: [Watch],
        allow: [Allow] = [],
        forbid: [Forbid] = [],
        exempt: [Exemption] = [],
        revertsPerRulePerHour: Int? = nil,
        revertsPerGroupPerHour: Int? = nil,
        revertsPerHour: Int? = nil,
        expandPrefixLists: Bool = false,
        topicARN: String? = nil,
        notifyOn: Set<EventOutcome>? = nil,
        digest: String = ""
    ) {
        self.watch = watch
        self.allow = allow
        self.forbid = forbid
        self.exempt = exempt
        self.revertsPerRulePerHour = revertsPerRulePerHour
        self.revertsPerGroupPerHour = revertsPerGroupPerHour
        self.revertsPerHour = revertsPerHour
        self.expandPrefixLists = expandPrefixLists
        self.topicARN = topicARN
        self.notifyOn = notifyOn
        self.digest = digest
    }

    /// The Regions that watch entries name.
    package var namedRegions: Set<String> {
        watch.reduce(into: []) { $0.formUnion($1.regions ?? []) }
    }

    /// The accounts that watch entries name.
    package var namedAccounts: Set<String> {
        watch.reduce(into: []) { $0.formUnion($1.accounts ?? []) }
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
    /// The AWS service that made the call on the caller's behalf.
    package let invokedBy: String?
    /// Which human is behind a role, as set when the role was assumed.
    package let sourceIdentity: String?
    /// When the call was made. A late or replayed event is judged as it would have been in time.
    package let eventTime: Date?
    /// The entries of prefix lists, as far as they are known; a policy with `expandPrefixLists` asks for them.
    package var prefixLists: PrefixLists

    /// A context with these facts.
    package init(
        group: GroupFacts,
        kind: ChangeKind,
        issuerARN: String?,
        invokedBy: String? = nil,
        sourceIdentity: String? = nil,
        eventTime: Date?,
        prefixLists: PrefixLists = .unknown
    ) {
        self.group = group
        self.kind = kind
        self.issuerARN = issuerARN
        self.invokedBy = invokedBy
        self.sourceIdentity = sourceIdentity
        self.prefixLists = prefixLists
        self.eventTime = eventTime
    }
}

/// Says if a change is judged at all.
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
    /// Why the rule may stand, in the words of the view `standing_rules`: `allow NAME` or `exempt NAME`; nil for one that
    /// must not.
    package let approvedBy: String?

    /// A decision with its reason.
    package init(decision: RuleDecision, reason: String, approvedBy: String? = nil) {
        self.decision = decision
        self.reason = reason
        self.approvedBy = approvedBy
    }
}
