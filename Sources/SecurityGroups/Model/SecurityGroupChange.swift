/// The kinds of change to a group's rules, by the names that a policy uses.
package enum ChangeKind: String, Hashable, Sendable, CaseIterable {
    /// `AuthorizeSecurityGroupIngress`.
    case ingressAdded = "ingress-added"
    /// `AuthorizeSecurityGroupEgress`, and the egress that a new group comes with.
    case egressAdded = "egress-added"
    /// `ModifySecurityGroupRules`.
    case ruleModified = "rule-modified"
    /// `RevokeSecurityGroupIngress`.
    case ingressRemoved = "ingress-removed"
    /// `RevokeSecurityGroupEgress`.
    case egressRemoved = "egress-removed"
}

extension ChangeKind {
    /// The kinds that are watched where a policy does not name any.
    ///
    /// A rule that was added harmless and then modified is as open as one that was added open, so the second kind
    /// belongs to the first.
    package static let watchedByDefault: Set<Self> = [.ingressAdded, .ruleModified]

    /// The direction that the rules of the change have; `ModifySecurityGroupRules` does not tell.
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

/// One rule that a call added, modified or removed, as far as its record tells. Nothing here is verified.
package struct ChangedRule: Hashable, Sendable {
    /// The rule's id as text; records from before July 2021 have none, nor have most requests.
    package let id: String?
    /// The rule's direction; nil for `ModifySecurityGroupRules`, which does not say it.
    package let direction: Direction?
    /// What the rule lets through after an Authorize or Modify, or let through before a Revoke; nil where the call
    /// named it by id alone.
    package let traffic: RuleTraffic?
    /// The free text that its author gave it.
    package let ruleDescription: String?
    /// The account of the group that is the rule's peer, where the record tells it.
    package let peerOwner: String?

    /// A rule as the record tells it.
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

    /// A rule of which the record tells direction and content.
    package init(id: String?, rule: SecurityGroupRule, ruleDescription: String?) {
        self.init(id: id, direction: rule.direction, traffic: rule.traffic, ruleDescription: ruleDescription)
    }

    /// The whole content, where the record tells it.
    package var rule: SecurityGroupRule? {
        guard let direction, let traffic else { return nil }
        return SecurityGroupRule(direction: direction, traffic: traffic)
    }

    /// True if `other` says all that the record tells of this rule.
    package func agrees(with other: SecurityGroupRule) -> Bool {
        (direction ?? other.direction) == other.direction && (traffic ?? other.traffic) == other.traffic
    }
}

/// What one successful call did to the rules of one group, as its record tells it. Nothing here is verified.
package struct SecurityGroupChange: Hashable, Sendable {
    /// Which kind of change.
    package let kind: ChangeKind
    /// The group's id as text; a revoke by name may have none.
    package let groupID: String?
    /// The rules that the call added, modified or removed.
    package let rules: [ChangedRule]
    /// What of the rules could not be read, in one line. The group is known nevertheless, so that its rules can be
    /// judged as they stand. It matters only where the group and the kind of change are watched.
    package let unread: String?
    /// True where the call may have touched rules that are not in `rules`. False where what was not read is the content
    /// of rules whose ids are known, so that they can be judged by what they say now.
    package let mayHaveMoreRules: Bool

    /// The number of rules that an event may have. EC2 takes a tenth of it in one call.
    package static let maximumRules = 1000

    /// A change as the record tells it.
    ///
    /// - Parameter mayHaveMoreRules: by default true where something is unread.
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
