/// The command that brings a revoked rule back, exactly as it stood.
///
/// It is made to be pasted into a shell whatever text the rule holds: the JSON is pure ASCII, and the single quotes
/// around it admit nothing but themselves.
public func undoCommand(for live: LiveRule, region: String) -> String {
    let action =
        live.rule.direction == .ingress ? "authorize-security-group-ingress" : "authorize-security-group-egress"
    return "aws ec2 \(action) --region \(shellQuoted(region)) --group-id \(live.groupID)"
        + " --ip-permissions \(shellQuoted("[\(ipPermission(live))]"))"
}

private func ipPermission(_ live: LiveRule) -> String {
    let rule = live.rule
    var members = ["\"IpProtocol\":\(jsonString(rule.ipProtocol.description))"]
    if rule.ipProtocol.hasPorts {
        members.append("\"FromPort\":\(rule.ports.from)")
        members.append("\"ToPort\":\(rule.ports.to)")
    }
    let (list, key) =
        switch rule.peer {
        case .cidr(let block) where block.family == .ipv4: ("IpRanges", "CidrIp")
        case .cidr: ("Ipv6Ranges", "CidrIpv6")
        case .prefixList: ("PrefixListIds", "PrefixListId")
        case .group: ("UserIdGroupPairs", "GroupId")
        case .groupName: ("UserIdGroupPairs", "GroupName")
        }
    let description = live.ruleDescription.map { ",\"Description\":\(jsonString($0))" } ?? ""
    members.append("\"\(list)\":[{\"\(key)\":\(jsonString(rule.peer.description))\(description)}]")
    return "{\(members.joined(separator: ","))}"
}

private func shellQuoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
    }
    guard !isPlain || text.isEmpty else { return text }
    // By scalars: a quote with a combining accent is another character, but to the shell it is a quote.
    return "'" + text.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
}

/// A JSON string in ASCII alone: everything else is escaped by its UTF-16 code units.
private func jsonString(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
        switch unit {
        case 0x22: result += "\\\""
        case 0x5C: result += "\\\\"
        case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
        default:
            let hex = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
    }
    return result + "\""
}
