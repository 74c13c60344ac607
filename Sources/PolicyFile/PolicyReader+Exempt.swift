import Foundation
import SecurityGroups
import Yams

extension PolicyReader {
    mutating func exemption(_ node: Node) -> Exemption? {
        guard let members = members(node, of: "an exempt entry", keys: ["name", "principals", "groups", "until"]) else {
            return nil
        }
        let name = members["name"].flatMap { text($0, of: "name") }
        guard let principals = members["principals"] else {
            fail(node, "principals is missing; say who is exempt, by the ARNs of roles or users")
            return nil
        }
        let patterns = texts(principals, of: "principals")
        for item in patterns { warnAboutPrincipal(item) }
        if isEmptyCollection(principals) { warn(principals, "principals is empty: nobody is exempt") }
        let origin = origin(of: node, "exempt", name: name)
        var until: Date?
        if let node = members["until"], let text = text(node, of: "until") {
            until = moment(text)
            if let until {
                let message = "the exemption ended at \(text); remove it, or give it a later end"
                expiries.append((until, problem(at: node.mark, .warning, message)))
            } else {
                fail(node, "\(quoted(text)) is not a time that exists in the form 2026-12-01T00:00:00Z")
            }
        }
        return Exemption(
            name: name,
            principals: patterns.map { ARNPattern($0.text) },
            groups: groups(members["groups"]),
            until: until,
            origin: origin
        )
    }

    private mutating func warnAboutPrincipal(_ item: Text) {
        let pattern = item.text
        if pattern.contains(":assumed-role/") || pattern.wholeMatch(of: /arn:[^:]*:sts:.*/) != nil {
            warn(
                item.node,
                "\(quoted(pattern)) is the ARN of a session, which never matches; name the role, as in "
                    + "arn:aws:iam::111122223333:role/NAME"
            )
        } else if pattern.contains(":role/AWSReservedSSO_") {
            warn(
                item.node,
                "the ARN of an IAM Identity Center role has a path: write "
                    + "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_…"
            )
        } else if pattern.allSatisfy({ $0 == "*" }) {
            warn(item.node, "\(quoted(pattern)) exempts everybody")
        } else if !pattern.hasPrefix("arn:"), !pattern.hasPrefix("*"), !pattern.hasPrefix("?") {
            warn(
                item.node,
                "\(quoted(pattern)) is no ARN, so it never matches; write arn:aws:iam::111122223333:role/NAME"
            )
        }
    }
}

/// An RFC 3339 time that the calendar has: Foundation would take the 30th of February for the 2nd of March.
private func moment(_ text: String) -> Date? {
    let form = /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)/.asciiOnlyDigits()
    guard let match = text.wholeMatch(of: form),
        let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
        let hour = Int(match.4), let minute = Int(match.5), let second = Int(match.6),
        (1...12).contains(month), hour < 24, minute < 60, second < 60
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...days[month - 1]).contains(day) else { return nil }
    let zone = match.8.uppercased() == "Z" ? "Z" : String(match.8)
    let styles = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
    let normalized = "\(text.prefix(10))T\(text.dropFirst(11).prefix(8))\(match.7 ?? "")\(zone)"
    return styles.lazy.compactMap { try? Date(normalized, strategy: $0) }.first
}
