/// The kinds of change to a group's rules, by the names that a policy uses.
public enum ChangeKind: String, Hashable, Sendable, CaseIterable {
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

/// One rule that a call added or removed, as its record tells it. Nothing here is verified.
public struct ChangedRule: Hashable, Sendable {
    /// The rule's id as text; records from before July 2021 have none, nor have requests.
    public let id: String?
    /// What the rule said when the call was made.
    public let rule: SecurityGroupRule
    /// The free text that its author gave it.
    public let ruleDescription: String?

    /// A rule as the record tells it.
    public init(id: String?, rule: SecurityGroupRule, ruleDescription: String?) {
        self.id = id
        self.rule = rule
        self.ruleDescription = ruleDescription
    }
}

/// What one successful call did to the rules of one group, as its record tells it. Nothing here is verified.
public struct SecurityGroupChange: Hashable, Sendable {
    /// Which kind of change.
    public let kind: ChangeKind
    /// The group's id as text; a revoke by name has none.
    public let groupID: String?
    /// The rules that the call added or removed. A kind that no policy can ask to revert may leave this empty.
    public let rules: [ChangedRule]

    /// A change as the record tells it.
    public init(kind: ChangeKind, groupID: String?, rules: [ChangedRule]) {
        self.kind = kind
        self.groupID = groupID
        self.rules = rules
    }
}
