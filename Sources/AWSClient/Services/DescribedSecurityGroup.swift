/// A group as `DescribeSecurityGroups` shows it, with the fields that the program uses.
package struct DescribedSecurityGroup: Hashable, Sendable {
    /// `sg-…`
    package let groupID: String
    /// The account that owns the group.
    package let ownerID: String?
    /// The group's name.
    package let name: String?
    /// The VPC that the group was made in.
    package let vpcID: String?
    /// The group's tags.
    package let tags: [String: String]

    /// Creates a group. Tests script responses with it.
    package init(
        groupID: String,
        ownerID: String? = nil,
        name: String? = nil,
        vpcID: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.groupID = groupID
        self.ownerID = ownerID
        self.name = name
        self.vpcID = vpcID
        self.tags = tags
    }

    /// Reads an `item`; nil if it has no id.
    init?(_ item: XMLTree) {
        guard let groupID = item.text("groupId") else { return nil }
        self.init(
            groupID: groupID,
            ownerID: item.text("ownerId"),
            name: item.text("groupName"),
            vpcID: item.text("vpcId"),
            tags: item.tags
        )
    }
}
