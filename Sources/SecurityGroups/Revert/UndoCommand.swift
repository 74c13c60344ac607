import Formats

/// A call that was made about one rule.
package enum Reversal: Hashable, Sendable {
    /// This rule was revoked.
    case revoked(LiveRule)
    /// The rule got its earlier content back. This is how it stood before that.
    case restored(LiveRule)
    /// A rule was put back into the group, under this id.
    case putBack(SecurityGroupRuleID, Direction, SecurityGroupID)
}

/// The command that exactly undoes a call.
///
/// It is safe to paste into a shell whatever text the rule holds: the JSON is pure ASCII, and the single quotes around
/// it cannot be ended from inside. A rule that comes back gets a new id.
package func undoCommand(for reversal: Reversal, region: String) -> String {
    func command(_ action: String, _ group: SecurityGroupID, _ option: String) -> String {
        "aws ec2 \(action) --region \(shellQuoted(region)) --group-id \(group) --\(option)"
    }
    switch reversal {
    case .revoked(let rule):
        let action = "authorize-security-group-\(rule.rule.direction.rawValue)"
        let permissions = command(
            action,
            rule.groupID,
            "ip-permissions \(shellQuoted("[\(ipPermission(rule.content))]"))"
        )
        return rule.tags.isEmpty
            ? permissions : "\(permissions) --tag-specifications \(shellQuoted("[\(tagSpecification(rule.tags))]"))"
    case .restored(let rule):
        let update = "{\"SecurityGroupRuleId\":\"\(rule.id)\",\"SecurityGroupRule\":\(ruleRequest(rule.content))}"
        return command(
            "modify-security-group-rules",
            rule.groupID,
            "security-group-rules \(shellQuoted("[\(update)]"))"
        )
    case .putBack(let id, let direction, let group):
        return command("revoke-security-group-\(direction.rawValue)", group, "security-group-rule-ids \(id)")
    }
}

/// The rule as an `IpPermission`, as Authorize takes it.
private func ipPermission(_ content: RuleContent) -> String {
    let rule = content.rule
    let (list, key) =
        switch rule.peer {
        case .cidr(let block) where block.family == .ipv4: ("IpRanges", "CidrIp")
        case .cidr: ("Ipv6Ranges", "CidrIpv6")
        case .prefixList: ("PrefixListIds", "PrefixListId")
        case .group: ("UserIdGroupPairs", "GroupId")
        case .groupName, .unknown: ("UserIdGroupPairs", "GroupName")
        }
    var source = ["\"\(key)\":\(jsonString(rule.peer.description))"]
    if let owner = content.peerOwner { source.append("\"UserId\":\(jsonString(owner))") }
    if let text = content.ruleDescription { source.append("\"Description\":\(jsonString(text))") }
    var members = ["\"IpProtocol\":\(jsonString(rule.ipProtocol.description))"]
    if rule.ipProtocol.hasPorts { members += ports(rule) }
    members.append("\"\(list)\":[{\(source.joined(separator: ","))}]")
    return "{\(members.joined(separator: ","))}"
}

/// The rule as a `SecurityGroupRuleRequest`, as Modify takes it.
private func ruleRequest(_ content: RuleContent) -> String {
    let rule = content.rule
    let key =
        switch rule.peer {
        case .cidr(let block) where block.family == .ipv4: "CidrIpv4"
        case .cidr: "CidrIpv6"
        case .prefixList: "PrefixListId"
        case .group, .groupName, .unknown: "ReferencedGroupId"
        }
    // Ports are sent even if the protocol has none: a field that is left out might keep its earlier value.
    var members = ["\"IpProtocol\":\(jsonString(rule.ipProtocol.description))"] + ports(rule)
    members.append("\"\(key)\":\(jsonString(rule.peer.description))")
    if let text = content.ruleDescription { members.append("\"Description\":\(jsonString(text))") }
    return "{\(members.joined(separator: ","))}"
}

private func ports(_ rule: SecurityGroupRule) -> [String] {
    ["\"FromPort\":\(rule.ports.from)", "\"ToPort\":\(rule.ports.to)"]
}

private func tagSpecification(_ tags: [String: String]) -> String {
    let pairs = tags.sorted { $0.key < $1.key }.map { "{\"Key\":\(jsonString($0)),\"Value\":\(jsonString($1))}" }
    return "{\"ResourceType\":\"security-group-rule\",\"Tags\":[\(pairs.joined(separator: ","))]}"
}

private func shellQuoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
    }
    guard !isPlain || text.isEmpty else { return text }
    // Compares scalars: a quote with a combining accent is another Character, but the shell sees a quote.
    return "'" + text.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
}

/// A JSON string in ASCII.
private func jsonString(_ text: String) -> String {
    JSONText.quoted(text, escaping: .nonASCII)
}
