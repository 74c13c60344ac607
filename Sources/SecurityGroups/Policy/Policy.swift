/// Which groups are watched, which rules may stand in them, who may change them, and the limits of reverting.
package struct Policy: Hashable, Sendable {
    /// The watched groups. The first entry that matches a group decides; a group that no entry matches is left alone.
    package var watch: [Watch]
    /// The rules that may stand. A rule that one entry covers entirely stays.
    package var allow: [Allow]
    /// The rules that must not stand. If empty, every rule that no allow entry covers is forbidden.
    package var forbid: [Forbid]
    /// The callers who may change rules.
    package var exempt: [Exemption]
    /// How often one rule is reverted within an hour without a wait. Nil for no limit.
    package var revertsPerRulePerHour: Int?
    /// How many rules of one group are reverted within an hour. Nil for no limit.
    package var revertsPerGroupPerHour: Int?
    /// How many rules are reverted within an hour. Nil for no limit.
    package var revertsPerHour: Int?
    /// True if a prefix list is judged by its entries.
    package var expandPrefixLists: Bool
    /// The SNS topic for notifications, if the policy names one.
    package var topicARN: String?
    /// The outcomes of which people are told, if the policy lists them.
    package var notifyOn: Set<EventOutcome>?
    /// The SHA-256 of the policy's text, in lower-case hexadecimal. It names the policy in the log and the ledger.
    /// Empty for a policy that was not read from a text.
    package var digest: String

    /// Creates a policy with these entries.
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

    /// The policy of `--group`: in each of `groups`, no ingress rule may be added or modified.
    package static func watching(_ groups: [SecurityGroupID]) -> Self {
        Self(watch: groups.map { Watch(groups: [$0.description], origin: "--group \($0)") })
    }
}

/// The policy's decision about one rule, and the entry that made it.
package struct Decision: Hashable, Sendable {
    /// Revert, allow or exempt.
    package let decision: RuleDecision
    /// The setting or the line of the policy that made the decision.
    package let reason: String
    /// The reason why the rule may stand, as the view `standing_rules` shows it: `allow NAME` or `exempt NAME`. Nil for
    /// a rule that must not stand.
    package let approvedBy: String?

    /// Creates a decision with its reason.
    package init(decision: RuleDecision, reason: String, approvedBy: String? = nil) {
        self.decision = decision
        self.reason = reason
        self.approvedBy = approvedBy
    }
}
