/// What a rule says and what is said of it: all that it takes to make the rule anew.
package struct RuleContent: Hashable, Sendable {
    /// What it lets through.
    package let rule: SecurityGroupRule
    /// The free text that its author gave it.
    package let ruleDescription: String?
    /// The account of the group that is the rule's peer, where it is another account's: to name that group, calls need
    /// both.
    package let peerOwner: String?

    /// The content of a rule.
    package init(rule: SecurityGroupRule, ruleDescription: String? = nil, peerOwner: String? = nil) {
        self.rule = rule
        self.ruleDescription = ruleDescription
        self.peerOwner = peerOwner
    }
}

/// A rule that stands in a group now, as EC2 describes it.
package struct LiveRule: Hashable, Sendable {
    /// The rule's id.
    package let id: SecurityGroupRuleID
    /// The group in which it stands.
    package let groupID: SecurityGroupID
    /// The account that owns the group, where EC2 says it.
    package let ownerID: String?
    /// What it says.
    package let content: RuleContent
    /// The rule's own tags.
    package let tags: [String: String]

    /// A described rule.
    package init(
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
    package var rule: SecurityGroupRule { content.rule }
    /// The free text that its author gave it.
    package var ruleDescription: String? { content.ruleDescription }
}
