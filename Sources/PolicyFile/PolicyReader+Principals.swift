import Formats
import SecurityGroups

extension PolicyReader {
    /// Warns of a principal that matches nobody, or everybody.
    mutating func warnAboutPrincipal(_ item: Text) {
        if let warning = principalWarning(item.text) { warn(item.node, warning) }
    }

    /// Warns of a service that no record names.
    mutating func warnAboutService(_ item: Text) {
        let name = item.text
        if Wildcard(name).isEverything {
            warnAboutEverybody(item)
        } else if Wildcard(name).isLiteral, name.wholeMatch(of: /[a-z0-9.-]+\.amazonaws\.com(\.cn)?/) == nil {
            warn(
                item.node,
                "\(quoted(name)) is no AWS service, so it never matches; write a name like eks.amazonaws.com"
            )
        }
    }

    mutating func warnAboutEverybody(_ item: Text) {
        guard Wildcard(item.text).isEverything else { return }
        warn(item.node, "\(quoted(item.text)) exempts everybody")
    }
}

/// The warning about a pattern of principals that matches nobody or everybody; nil if there is none.
package func principalWarning(_ pattern: String) -> String? {
    if pattern.contains(":assumed-role/") || pattern.wholeMatch(of: /arn:[^:]*:sts:.*/) != nil {
        return "\(quoted(pattern)) is the ARN of a session, which never matches; name the role, as in "
            + "arn:aws:iam::111122223333:role/NAME"
    }
    if pattern.contains(":role/AWSReservedSSO_") {
        return "the ARN of an IAM Identity Center role has a path: write "
            + "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_…"
    }
    if Wildcard(pattern).isAnyCaller { return "\(quoted(pattern)) exempts everybody" }
    if !pattern.hasPrefix("arn:"), !pattern.hasPrefix("*"), !pattern.hasPrefix("?") {
        return "\(quoted(pattern)) is no ARN, so it never matches; write arn:aws:iam::111122223333:role/NAME"
    }
    return flaw(of: pattern).map { "\(quoted(pattern)) never matches: \($0)" }
}

/// The first part of a pattern that no ARN of a role, user or account has. A part after a `*` may be anything, because `*` also
/// stands for colons.
private func flaw(of pattern: String) -> String? {
    let partitions = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"]
    let resources = ["role/", "user/", "root", "federated-user/"]
    let checks: [(String, (String) -> Bool)] = [
        ("it does not begin with \"arn\"", { $0 == "arn" }),
        ("there is no such partition", { partitions.contains($0) }),
        ("the service of a role or user is iam", { $0 == "iam" }),
        ("IAM has no Region, so the fourth part is empty", { $0.isEmpty }),
        ("an account has 12 digits", { AccountID($0) != nil || $0 == "aws" }),
    ]
    guard pattern.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return "it has a character that no ARN has" }
    var rest = Substring(pattern)
    for (flaw, isGood) in checks {
        let part = rest.prefix { $0 != ":" }
        guard !part.contains("*") else { return nil }
        guard part.endIndex < rest.endIndex else { return "it has fewer than six parts" }
        guard part.contains("?") || isGood(String(part)) else { return flaw }
        rest = rest[rest.index(after: part.endIndex)...]
    }
    let literal = rest.prefix { $0 != "*" && $0 != "?" }
    guard
        !resources.contains(where: {
            literal.hasPrefix($0) || (literal.count < rest.count && $0.hasPrefix(literal))
        })
    else { return nil }
    return "it is neither of role/…, user/… nor root"
}
