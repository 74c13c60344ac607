import Foundation
import SecurityGroups
import Yams

extension PolicyReader {
    private static let keys = ["version", "watch", "allow", "exempt", "limits", "notify"]

    /// The whole file. What is wrong with it is in `errors`; then the policy means nothing.
    mutating func policy(_ root: Node?) -> Policy {
        var policy = Policy(watch: [])
        guard let root, root.null == nil else {
            fail(root, "the file is empty; a policy needs \"version: 1\" and \"watch\"")
            return policy
        }
        guard let members = members(root, of: "the policy", keys: Self.keys) else { return policy }
        if let version = members["version"] {
            if let text = text(version, of: "version"), text != "1" {
                fail(version, "version \(quoted(text)) is not known; this program reads version 1")
            }
        } else {
            fail(root, "version is missing; add \"version: 1\"")
        }
        if let watch = members["watch"] {
            let nodes = elements(watch, of: "watch")
            let entries = nodes.compactMap { node in self.watch(node).map { (node, $0) } }
            policy.watch = entries.map(\.1)
            if nodes.isEmpty { warn(watch, "watch is empty: no group is watched") }
            warnAboutShadows(entries)
        } else {
            fail(root, "watch is missing; say which groups are watched")
        }
        if let allow = members["allow"] {
            let entries = elements(allow, of: "allow").compactMap { node in self.allow(node).map { (node, $0) } }
            policy.allow = entries.map(\.1)
            warnAboutUnions(entries)
        }
        if let exempt = members["exempt"] {
            policy.exempt = elements(exempt, of: "exempt").compactMap { exemption($0) }
        }
        if let limits = members["limits"] { policy.revertsPerRulePerHour = revertsPerRulePerHour(limits) }
        if let notify = members["notify"] { readNotify(notify, into: &policy) }
        return policy
    }

    private mutating func watch(_ node: Node) -> Watch? {
        let keys = ["groups", "vpcs", "tags", "accounts", "regions", "changes"]
        guard let members = members(node, of: "a watch entry", keys: keys) else { return nil }
        for key in keys.dropLast() {
            if let empty = members[key], isEmptyCollection(empty) {
                warn(empty, "\(key) is empty: the entry matches nothing")
            }
        }
        let known = ChangeKind.allCases.map(\.rawValue)
        let changes = members["changes"].map { node in
            texts(node, of: "changes").compactMap {
                choice($0, of: "change", among: known) { ChangeKind(rawValue: $0) }
            }
        }
        return Watch(
            groups: groups(members["groups"]),
            vpcs: values(members["vpcs"], of: "vpcs", expected: "a VPC id, such as vpc-0123456789abcdef0") {
                isResourceID($0, prefix: "vpc-") ? $0 : nil
            }.map(Set.init),
            tags: members["tags"].map { tags($0) },
            accounts: values(members["accounts"], of: "accounts", expected: "an account number of 12 digits") {
                AccountID($0)?.description
            }.map(Set.init),
            regions: values(members["regions"], of: "regions", expected: "a Region, such as eu-west-1") {
                isRegion($0) ? $0 : nil
            }.map(Set.init),
            changes: changes.map(Set.init) ?? ChangeKind.watchedByDefault,
            origin: origin(of: node, "watch", name: nil)
        )
    }

    func isEmptyCollection(_ node: Node) -> Bool {
        switch node {
        case .sequence(let sequence): sequence.isEmpty
        case .mapping(let mapping): mapping.isEmpty
        case .scalar, .alias: false
        }
    }

    private mutating func tags(_ node: Node) -> [String: String] {
        guard case .mapping(let mapping) = node else {
            fail(node, "tags must be a mapping of tag keys to values, such as { sg-revert: enforce }")
            return [:]
        }
        var tags: [String: String] = [:]
        for (key, value) in mapping {
            guard let name = text(key, of: "a tag's key") else { continue }
            // A tag may well have an empty value, if somebody writes it as such.
            if case .scalar(let scalar) = value, value.null == nil {
                tags[name] = scalar.string
            } else {
                fail(value, "the value of tag \(quoted(name)) must be a plain value; write \"\" for an empty one")
            }
        }
        return tags
    }

    mutating func groups(_ node: Node?) -> Set<String>? {
        values(node, of: "groups", expected: "a security group id, such as sg-0a1b2c3d4e5f60718") {
            SecurityGroupID($0)?.description
        }.map(Set.init)
    }

    private mutating func revertsPerRulePerHour(_ node: Node) -> Int? {
        let key = "reverts_per_rule_per_hour"
        guard let value = members(node, of: "limits", keys: [key])?[key] else { return nil }
        guard let text = text(value, of: key) else { return nil }
        guard let count = Int(text), (1...1_000_000).contains(count) else {
            fail(value, "\(quoted(text)) is not a whole number from 1 to 1000000; leave it out for no limit")
            return nil
        }
        return count
    }

    private mutating func readNotify(_ node: Node, into policy: inout Policy) {
        guard let members = members(node, of: "notify", keys: ["topic_arn", "on"]) else { return }
        if let topic = members["topic_arn"], let arn = text(topic, of: "topic_arn") {
            let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count == 6, parts[0] == "arn", parts[2] == "sns", !parts[5].isEmpty {
                policy.topicARN = arn
            } else {
                fail(
                    topic,
                    "\(quoted(arn)) is not an SNS topic's ARN, such as arn:aws:sns:eu-west-1:111122223333:sg-revert"
                )
            }
        }
        let known = EventOutcome.allCases.map(\.rawValue)
        policy.notifyOn = members["on"].map { node in
            Set(
                texts(node, of: "on").compactMap {
                    choice($0, of: "outcome", among: known) { EventOutcome(rawValue: $0) }
                }
            )
        }
    }
}

/// EC2's resource ids: 8 hexadecimal digits before 2016, 17 since.
func isResourceID(_ text: String, prefix: String) -> Bool {
    text.hasPrefix(prefix) && SecurityGroupID("sg-" + text.dropFirst(prefix.count)) != nil
}

/// The form of a Region's name; which ones exist is not for a policy to know.
private func isRegion(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}/) != nil
}
