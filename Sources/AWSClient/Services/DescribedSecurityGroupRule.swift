/// A rule as `DescribeSecurityGroupRules` shows it, every field as EC2 wrote it.
package struct DescribedSecurityGroupRule: Hashable, Sendable {
    /// `sgr-…`
    package let securityGroupRuleID: String
    /// The group that the rule is in.
    package let groupID: String
    /// The account that owns the group.
    package let groupOwnerID: String?
    /// True for an outbound rule.
    package let isEgress: Bool
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` or a number.
    package let ipProtocol: String
    /// The first port, an ICMP type, or -1 for all; nil if EC2 leaves it out.
    package let fromPort: Int?
    /// The last port, an ICMP code, or -1 for all; nil if EC2 leaves it out.
    package let toPort: Int?
    /// The source or destination as an IPv4 range. Exactly one of the four is set.
    package let cidrIPv4: String?
    /// The source or destination as an IPv6 range.
    package let cidrIPv6: String?
    /// The source or destination as a prefix list.
    package let prefixListID: String?
    /// The source or destination as a group, in this or another account.
    package let referencedGroupID: String?
    /// The account of that group, if EC2 tells it.
    package let referencedGroupOwnerID: String?
    /// The rule's description.
    package let description: String?
    /// The rule's tags.
    package let tags: [String: String]

    /// Creates a rule. Tests script responses with it.
    package init(
        securityGroupRuleID: String,
        groupID: String,
        groupOwnerID: String? = nil,
        isEgress: Bool,
        ipProtocol: String,
        fromPort: Int? = nil,
        toPort: Int? = nil,
        cidrIPv4: String? = nil,
        cidrIPv6: String? = nil,
        prefixListID: String? = nil,
        referencedGroupID: String? = nil,
        referencedGroupOwnerID: String? = nil,
        description: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.securityGroupRuleID = securityGroupRuleID
        self.groupID = groupID
        self.groupOwnerID = groupOwnerID
        self.isEgress = isEgress
        self.ipProtocol = ipProtocol
        self.fromPort = fromPort
        self.toPort = toPort
        self.cidrIPv4 = cidrIPv4
        self.cidrIPv6 = cidrIPv6
        self.prefixListID = prefixListID
        self.referencedGroupID = referencedGroupID
        self.referencedGroupOwnerID = referencedGroupOwnerID
        self.description = description
        self.tags = tags
    }

    /// Reads an `item`; nil if it lacks a field that every rule has.
    init?(_ item: XMLTree) {
        guard let id = item.text("securityGroupRuleId"), let groupID = item.text("groupId"),
            let isEgress = item.text("isEgress").flatMap({ Bool($0) }),
            let ipProtocol = item.text("ipProtocol")
        else { return nil }
        self.init(
            securityGroupRuleID: id,
            groupID: groupID,
            groupOwnerID: item.text("groupOwnerId"),
            isEgress: isEgress,
            ipProtocol: ipProtocol,
            fromPort: item.text("fromPort").flatMap { Int($0) },
            toPort: item.text("toPort").flatMap { Int($0) },
            cidrIPv4: item.text("cidrIpv4"),
            cidrIPv6: item.text("cidrIpv6"),
            prefixListID: item.text("prefixListId"),
            referencedGroupID: item["referencedGroupInfo"]?.text("groupId"),
            referencedGroupOwnerID: item["referencedGroupInfo"]?.text("userId"),
            description: item["description"]?.text,
            tags: item.tags
        )
    }
}

extension XMLTree {
    /// The tags of a described thing. White space in keys and values is part of them.
    var tags: [String: String] {
        let pairs = list("tagSet").compactMap { tag in tag["key"].map { ($0.text, tag["value"]?.text ?? "") } }
        return Dictionary(pairs) { first, _ in first }
    }
}
