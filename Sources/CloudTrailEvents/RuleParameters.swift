import SecurityGroups

/// Reads rules from a request and from EC2's response.
struct RuleParameters {
    /// The direction of the rules. The event's name tells it, but not for a Modify.
    let direction: Direction?

    /// Reads an element of `securityGroupRuleSet` or `revokedSecurityGroupRuleSet`, which is one rule.
    func answered(_ item: RecordField) throws(UnreadableField) -> ChangedRule {
        if let direction, let isEgress = item["isEgress"].value.boolean, isEgress != (direction == .egress) {
            throw item["isEgress"].problem("is \(isEgress), but the event is about \(direction.rawValue)")
        }
        var peers: [Peer] = []
        for range in [item["cidrIpv4"], item["cidrIpv6"]] {
            if try range.optionalText() != nil { peers.append(try cidr(range)) }
        }
        if let id = try item["prefixListId"].optionalText() { peers.append(.prefixList(id)) }
        for group in [item["referencedGroupInfo"]["groupId"], item["referencedGroupId"]] {
            if let id = try group.optionalText() { peers.append(.group(id)) }
        }
        guard let peer = peers.first, peers.count == 1 else {
            throw item.problem("names \(peers.count) sources or destinations instead of one")
        }
        // A response always names the peer's account. It matters only if it is another account than the group's own.
        let owner = item["referencedGroupInfo"]["userId"].value.text
        return try rule(
            item,
            id: item["securityGroupRuleId"].optionalText(),
            peer: peer,
            peerOwner: owner == item["groupOwnerId"].value.text ? nil : owner,
            describedBy: item
        )
    }

    /// Reads the parameters of a request: `ipPermissions`, or if that is empty the flat form of the simplest calls.
    func requested(_ parameters: RecordField) throws(UnreadableField) -> [ChangedRule] {
        let permissions = try parameters["ipPermissions"].items()
        var rules: [ChangedRule] = []
        for permission in permissions where rules.count <= SecurityGroupChange.maximumRules {
            rules += try requested(permission: permission)
        }
        return try permissions.isEmpty ? flat(parameters) : rules
    }

    /// Reads an element of `ipPermissions`: one rule for each source in each of its four families.
    func requested(permission: RecordField) throws(UnreadableField) -> [ChangedRule] {
        var rules: [ChangedRule] = []
        for range in try permission["ipRanges"].items() {
            rules.append(try rule(permission, peer: cidr(range["cidrIp"]), describedBy: range))
        }
        for range in try permission["ipv6Ranges"].items() {
            rules.append(try rule(permission, peer: cidr(range["cidrIpv6"]), describedBy: range))
        }
        for list in try permission["prefixListIds"].items() {
            rules.append(try rule(permission, peer: .prefixList(list["prefixListId"].text()), describedBy: list))
        }
        for group in try permission["groups"].items() {
            let peer: Peer =
                if let id = try group["groupId"].optionalText() { .group(id) } else {
                    .groupName(try group["groupName"].text())
                }
            let owner = group["userId"].value.text
            rules.append(try rule(permission, peer: peer, peerOwner: owner, describedBy: group))
        }
        guard !rules.isEmpty else { throw permission.problem("names no source or destination") }
        return rules
    }

    /// Reads the parameters of a Revoke: the same as of an Authorize, or the ids of the rules.
    ///
    /// No record of a call by id is published, so the ids are read in any form in which records write lists.
    func removalRequested(_ parameters: RecordField) throws(UnreadableField) -> [ChangedRule] {
        var rules = try requested(parameters)
        var named: [RecordField] = []
        for key in ["SecurityGroupRuleIds", "SecurityGroupRuleId"] where named.isEmpty {
            named = try parameters.capitalized(key).elements()
        }
        for element in named.prefix(SecurityGroupChange.maximumRules + 1) {
            let member = element.capitalized("SecurityGroupRuleId")
            let id = try (member.value == .null ? element : member).text()
            rules.append(ChangedRule(id: id, direction: direction, traffic: nil, ruleDescription: nil))
        }
        return rules
    }

    /// Reads an element of a `ModifySecurityGroupRules` request: a rule's id and its new content. A Modify of the
    /// description alone has no content.
    func modified(_ update: RecordField) throws(UnreadableField) -> ChangedRule {
        let id = try update.capitalized("SecurityGroupRuleId").text()
        let content = update.capitalized("SecurityGroupRule")
        var peers: [Peer] = []
        for range in [content.capitalized("CidrIpv4"), content.capitalized("CidrIpv6")] {
            if try range.optionalText() != nil { peers.append(try cidr(range)) }
        }
        if let list = try content.capitalized("PrefixListId").optionalText() { peers.append(.prefixList(list)) }
        if let group = try content.capitalized("ReferencedGroupId").optionalText() { peers.append(.group(group)) }
        guard let peer = peers.first else {
            let text = content.capitalized("Description").value.string
            return ChangedRule(id: id, direction: nil, traffic: nil, ruleDescription: text)
        }
        guard peers.count == 1 else {
            throw content.problem("names \(peers.count) sources or destinations instead of one")
        }
        return try rule(content, id: id, peer: peer, describedBy: content)
    }

    private func flat(_ parameters: RecordField) throws(UnreadableField) -> [ChangedRule] {
        var peers: [Peer] = []
        if try parameters["cidrIp"].optionalText() != nil { peers.append(try cidr(parameters["cidrIp"])) }
        if let id = try parameters["sourceSecurityGroupId"].optionalText() {
            peers.append(.group(id))
        } else if let name = try parameters["sourceSecurityGroupName"].optionalText() {
            peers.append(.groupName(name))
        }
        var rules: [ChangedRule] = []
        for peer in peers { rules.append(try rule(parameters, peer: peer, describedBy: parameters)) }
        return rules
    }

    private func rule(
        _ traffic: RecordField,
        id: String? = nil,
        peer: Peer,
        peerOwner: String? = nil,
        describedBy source: RecordField
    ) throws(UnreadableField) -> ChangedRule {
        let named = traffic.capitalized("IpProtocol")
        guard let ipProtocol = IPProtocol(try named.text()) else {
            throw named.problem("is no protocol: \(named.quoted)")
        }
        let content = RuleTraffic(
            ipProtocol: ipProtocol,
            fromPort: try port(traffic.capitalized("FromPort")),
            toPort: try port(traffic.capitalized("ToPort")),
            peer: peer
        )
        let text = source.capitalized("Description").value.string
        return ChangedRule(
            id: id,
            direction: direction,
            traffic: content,
            ruleDescription: text,
            peerOwner: peerOwner
        )
    }

    private func cidr(_ field: RecordField) throws(UnreadableField) -> Peer {
        guard let block = CIDRBlock(try field.text()) else { throw field.problem("is no CIDR block: \(field.quoted)") }
        return .cidr(block)
    }

    private func port(_ field: RecordField) throws(UnreadableField) -> Int? {
        guard try field.optionalText() != nil else { return nil }
        // -1 means "all" for ICMP. EC2 also returns it if a protocol has no ports.
        guard let port = field.value.integer, (-1...65535).contains(port) else {
            throw field.problem("is no port: \(field.quoted)")
        }
        return port
    }
}
