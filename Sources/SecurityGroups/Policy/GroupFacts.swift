/// The known facts of a group, as text. They are not checked, because `policy explain` also takes records that AWS
/// could not have written.
package struct GroupFacts: Hashable, Sendable {
    /// The group's id; nil for a call that named the group by name alone.
    package var groupID: String?
    /// The account that owns the change.
    package var account: String?
    /// The region of the group.
    package var region: String?
    /// The VPC of the group, from EC2 and never from an event. Nil if it was not looked up.
    package var vpcID: String?
    /// The group's name, from EC2 and never from an event. Nil if it was not looked up.
    package var name: String?
    /// The group's tags, from EC2 and never from an event. Nil if they were not looked up.
    package var tags: [String: String]?

    /// Creates the facts of a group. VPC, name and tags are known only after asking EC2.
    package init(
        groupID: String?,
        account: String?,
        region: String?,
        vpcID: String? = nil,
        name: String? = nil,
        tags: [String: String]? = nil
    ) {
        self.groupID = groupID
        self.account = account
        self.region = region
        self.vpcID = vpcID
        self.name = name
        self.tags = tags
    }
}

/// A fact of a group that a decision can depend on.
package enum GroupFact: String, Hashable, Sendable, CaseIterable {
    /// Its id.
    case group
    /// The account.
    case account
    /// The region.
    case region
    /// Its VPC.
    case vpc
    /// Its name.
    case name
    /// Its tags.
    case tags
}
