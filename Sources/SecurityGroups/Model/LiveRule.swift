/// The content of a rule and its description: everything that is needed to create the rule again.
package struct RuleContent: Hashable, Sendable {
    /// The traffic that the rule allows.
    package let rule: SecurityGroupRule
    /// The description that its author gave it.
    package let ruleDescription: String?
    /// The account of the peer group, if that group belongs to another account. Calls must then name both.
    package let peerOwner: String?

    /// Creates the content of a rule.
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
    /// The account that owns the group, if EC2 tells it.
    package let ownerID: String?
    /// The rule's content.
    package let content: RuleContent
    /// The rule's own tags.
    package let tags: [String: String]

    /// Creates a live rule.
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

    /// The traffic that the rule allows.
    package var rule: SecurityGroupRule { content.rule }
    /// The description that its author gave it.
    package var ruleDescription: String? { content.ruleDescription }
}
