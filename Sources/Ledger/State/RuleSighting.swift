package import SecurityGroups

/// One rule as a run saw it in EC2.
package struct RuleSighting: Hashable, Sendable {
    /// The account whose EC2 was asked, if it is known.
    package let account: String?
    /// The Region.
    package let region: String
    /// The group.
    package let groupID: SecurityGroupID
    /// The rule.
    package let ruleID: SecurityGroupRuleID
    /// The rule's content; nil if the rule was gone or was revoked.
    package let content: RuleContent?
    /// The reason why the rule may have this content, if that was decided while EC2 showed it.
    package var approval: Approval?
    /// The content that the record says was added under the rule's id; nil for any other change.
    package let added: SecurityGroupRule?
    /// The rule's content when the policy forbade it; nil if the policy did not. No baseline covers this content any more.
    package var forbidden: SecurityGroupRule?
    /// The value of `known_by` for a rule that the ledger does not know yet.
    package var knownBy: KnownBy

    /// Creates a sighting.
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
        // A rule of the baseline that is put back belongs to it under its new id, too.
        knownBy = approval?.isBaseline == true ? .baseline : .event
    }
}
