import Formats
import Foundation
import SecurityGroups
import Yams

extension PolicyReader {
    private static let exemptKeys = [
        "name", "principals", "invoked_by", "source_identity", "groups", "until", "then", "remind",
    ]

    mutating func exemption(_ node: Node) -> Exemption? {
        guard let members = members(node, of: "an exempt entry", keys: Self.exemptKeys) else { return nil }
        let name = members["name"].flatMap { text($0, of: "name") }
        let callers = ["principals", "invoked_by", "source_identity"]
        guard callers.contains(where: { members[$0] != nil }) else {
            fail(
                node,
                "principals is missing; say who is exempt, by the ARNs of roles or users, or by invoked_by or "
                    + "source_identity"
            )
            return nil
        }
        for key in callers {
            guard let node = members[key], isEmptyCollection(node) else { continue }
            warn(node, "\(key) is empty: nobody is exempt")
        }
        let patterns = callers.map { key in members[key].map { texts($0, of: key) } }
        for item in patterns[0] ?? [] { warnAboutPrincipal(item) }
        for item in patterns[1] ?? [] { warnAboutService(item) }
        for item in patterns[2] ?? [] { warnAboutEverybody(item) }
        let then = members["then"].flatMap { choice($0, of: "then", among: Exemption.End.self) }
        for key in ["then", "remind"] where members["until"] == nil {
            guard let node = members[key] else { continue }
            warn(node, "\(key) does nothing without until: the exemption never ends")
        }
        return Exemption(
            name: name,
            principals: patterns[0].map { $0.map { Wildcard($0.text) } },
            invokedBy: patterns[1].map { $0.map { Wildcard($0.text) } },
            sourceIdentity: patterns[2].map { $0.map { Wildcard($0.text) } },
            groups: groups(members["groups"]),
            until: members["until"].flatMap { until($0) },
            then: then ?? .leave,
            remind: members["remind"].flatMap { duration($0, of: "remind") },
            origin: origin(of: node, "exempt", name: name)
        )
    }

    private mutating func until(_ node: Node) -> Date? {
        guard let text = text(node, of: "until") else { return nil }
        // RFC 3339 allows leap seconds, but nobody means one in a policy.
        guard let until = RFC3339.parse(text), text.dropFirst(17).prefix(2) != "60" else {
            fail(node, "\(quoted(text)) is not a time that exists in the form 2026-12-01T00:00:00Z")
            return nil
        }
        let message = "the exemption ended at \(text); remove it once what it let in is closed, or give it a later end"
        expiries.append((until, problem(at: node.mark, .warning, message)))
        return until
    }

    /// Reads `90s`, `15m`, `24h` or `30d`.
    private mutating func duration(_ node: Node, of key: String) -> Duration? {
        guard let text = text(node, of: key) else { return nil }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
            (1...100_000).contains(count), text.utf8.first != UInt8(ascii: "+")
        else {
            fail(node, "\(quoted(text)) is not a duration, such as 90s, 15m, 24h or 30d")
            return nil
        }
        return .seconds(count * unit)
    }
}
