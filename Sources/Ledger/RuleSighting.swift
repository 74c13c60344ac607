package import SecurityGroups

/// What a run saw of one rule in EC2.
package struct RuleSighting: Hashable, Sendable {
    /// The account whose EC2 was asked, where it is known.
    package let account: String?
    /// The Region.
    package let region: String
    /// The group.
    package let groupID: SecurityGroupID
    /// The rule.
    package let ruleID: SecurityGroupRuleID
    /// What the rule said; nil where it was gone, or taken away.
    package let content: RuleContent?
    /// Why it may say so, where that was decided while EC2 showed exactly that.
    package let approval: Approval?
    /// What the record says that was added under the rule's id; nil for any other change.
    package let added: SecurityGroupRule?

    /// A sighting with these values.
    package init(
        account: String? = nil,
        region: String,
        groupID: SecurityGroupID,
        ruleID: SecurityGroupRuleID,
        content: RuleContent?,
        approval: Approval? = nil,
        added: SecurityGroupRule? = nil
    ) {
        self.account = account
        self.region = region
        self.groupID = groupID
        self.ruleID = ruleID
        self.content = content
        self.approval = approval
        self.added = added
    }
}
