/// A rule that stands in a group now, as EC2 describes it.
public struct LiveRule: Hashable, Sendable {
    /// The rule's id.
    public let id: SecurityGroupRuleID
    /// The group in which it stands.
    public let groupID: SecurityGroupID
    /// What it says.
    public let rule: SecurityGroupRule
    /// The free text that its author gave it.
    public let ruleDescription: String?

    /// A described rule.
    public init(id: SecurityGroupRuleID, groupID: SecurityGroupID, rule: SecurityGroupRule, ruleDescription: String?) {
        self.id = id
        self.groupID = groupID
        self.rule = rule
        self.ruleDescription = ruleDescription
    }
}
