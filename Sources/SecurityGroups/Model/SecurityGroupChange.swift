/// The kinds of change to a group's rules, by the names that a policy uses.
package enum ChangeKind: String, Hashable, Sendable, CaseIterable {
    /// `AuthorizeSecurityGroupIngress`.
    case ingressAdded = "ingress-added"
    /// `AuthorizeSecurityGroupEgress`, and the egress rules that AWS gives a new group.
    case egressAdded = "egress-added"
    /// `ModifySecurityGroupRules`.
    case ruleModified = "rule-modified"
    /// `RevokeSecurityGroupIngress`.
    case ingressRemoved = "ingress-removed"
    /// `RevokeSecurityGroupEgress`.
    case egressRemoved = "egress-removed"
}

extension ChangeKind {
    /// The kinds that are watched if the policy names none.
    ///
    /// A rule that is added harmless and then modified is as open as one that was added open, so `rule-modified` is
    /// among them.
    package static let watchedByDefault: Set<Self> = [.ingressAdded, .ruleModified]

    /// The direction of the changed rules. Nil for `ModifySecurityGroupRules`, whose record does not tell it.
    package var direction: Direction? {
        switch self {
        case .ingressAdded, .ingressRemoved: .ingress
        case .egressAdded, .egressRemoved: .egress
        case .ruleModified: nil
        }
    }

    /// True if the call took rules away.
    package var isRemoval: Bool {
        self == .ingressRemoved || self == .egressRemoved
    }
}

/// One rule that a call added, modified or removed, as far as the record tells. Nothing is verified.
package struct ChangedRule: Hashable, Sendable {
    /// The rule's id as text. Records from before July 2021 and most requests have none.
    package let id: String?
    /// The rule's direction. Nil for `ModifySecurityGroupRules`, whose record does not tell it.
    package let direction: Direction?
    /// The traffic that the rule allows after an Authorize or Modify, or allowed before a Revoke. Nil if the call named
    /// the rule by id alone.
    package let traffic: RuleTraffic?
    /// The description that its author gave it.
    package let ruleDescription: String?
    /// The account of the peer group, if the record tells it.
    package let peerOwner: String?

    /// Creates a rule from a record.
    package init(
        id: String?,
        direction: Direction?,
        traffic: RuleTraffic?,
        ruleDescription: String?,
        peerOwner: String? = nil
    ) {
        self.id = id
        self.direction = direction
        self.traffic = traffic
        self.ruleDescription = ruleDescription
        self.peerOwner = peerOwner
    }

    /// Creates a rule whose direction and content the record tells.
    package init(id: String?, rule: SecurityGroupRule, ruleDescription: String?) {
        self.init(id: id, direction: rule.direction, traffic: rule.traffic, ruleDescription: ruleDescription)
    }

    /// The whole content, if the record tells it.
    package var rule: SecurityGroupRule? {
        guard let direction, let traffic else { return nil }
        return SecurityGroupRule(direction: direction, traffic: traffic)
    }

    /// True if `other` agrees with everything that the record tells of this rule.
    package func agrees(with other: SecurityGroupRule) -> Bool {
        (direction ?? other.direction) == other.direction && (traffic ?? other.traffic) == other.traffic
    }
}

/// The change that one successful call made to the rules of one group, according to its record. Nothing is verified.
package struct SecurityGroupChange: Hashable, Sendable {
    /// The kind of change.
    package let kind: ChangeKind
    /// The group's id as text. A revoke by name may have none.
    package let groupID: String?
    /// The rules that the call added, modified or removed.
    package let rules: [ChangedRule]
    /// One line about the rules that could not be read; nil if all could. The group is known, so its rules can be
    /// judged as they stand. It matters only if the group and the kind of change are watched.
    package let unread: String?
    /// True if the call may have touched rules that are not in `rules`. False if only the content of rules with known
    /// ids could not be read: these rules can be judged by what EC2 shows.
    package let mayHaveMoreRules: Bool

    /// The largest number of rules of one event. EC2 accepts a tenth of it in one call.
    package static let maximumRules = 1000

    /// Creates a change from a record.
    ///
    /// - Parameter mayHaveMoreRules: By default true if something could not be read.
    package init(
        kind: ChangeKind,
        groupID: String?,
        rules: [ChangedRule],
        unread: String? = nil,
        mayHaveMoreRules: Bool? = nil
    ) {
        self.kind = kind
        self.groupID = groupID
        self.rules = rules
        self.unread = unread
        self.mayHaveMoreRules = mayHaveMoreRules ?? (unread != nil)
    }
}
