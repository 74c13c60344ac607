/// What a rule says and what is said of it: all that it takes to make the rule anew.
public struct RuleContent: Hashable, Sendable {
    /// What it lets through.
    public let rule: SecurityGroupRule
    /// The free text that its author gave it.
    public let ruleDescription: String?
    /// The account of the group that is the rule's peer, where it is another account's: to name that group, calls need
    /// both.
    public let peerOwner: String?

    /// The content of a rule.
    public init(rule: SecurityGroupRule, ruleDescription: String? = nil, peerOwner: String? = nil) {
        self.rule = rule
        self.ruleDescription = ruleDescription
        self.peerOwner = peerOwner
    }
}

/// A rule that stands in a group now, as EC2 describes it.
public struct LiveRule: Hashable, Sendable {
    /// The rule's id.
    public let id: SecurityGroupRuleID
    /// The group in which it stands.
    public let groupID: SecurityGroupID
    /// The account that owns the group, where EC2 says it.
    public let ownerID: String?
    /// What it says.
    public let content: RuleContent
    /// The rule's own tags.
    public let tags: [String: String]

    /// A described rule.
    public init(
        id: SecurityGroupRuleID,
        groupID: SecurityGroupID,
        rule: SecurityGroupRule,
        ruleDescription: String?,
        ownerID: String? = nil,
        peerOwner: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.id = id
        self.groupID = groupID
        self.ownerID = ownerID
        content = RuleContent(rule: rule, ruleDescription: ruleDescription, peerOwner: peerOwner)
        self.tags = tags
    }

    /// What it lets through.
    public var rule: SecurityGroupRule { content.rule }
    /// The free text that its author gave it.
    public var ruleDescription: String? { content.ruleDescription }
}
