import SecurityGroups
import Yams

extension PolicyReader {
    private static let keys = [
        "version", "watch", "allow", "forbid", "exempt", "limits", "expand_prefix_lists", "notify",
    ]

    /// Reads the whole file. If `errors` is not empty afterwards, the policy must not be used.
    mutating func policy(_ root: Node?) -> Policy {
        var policy = Policy(watch: [])
        guard let root, root.null == nil else {
            fail(root, "the file is empty; a policy needs \"version: 1\" and \"watch\"")
            return policy
        }
        guard let members = members(root, of: "the policy", keys: Self.keys) else { return policy }
        readVersion(members["version"], root: root)
        let watch = readWatch(members["watch"], root: root)
        policy.watch = watch.map(\.watch)
        if let allow = members["allow"] {
            let entries = elements(allow, of: "allow").compactMap { node in self.allow(node).map { (node, $0) } }
            policy.allow = entries.map(\.1)
            warnAboutUnions(entries)
        }
        if let forbid = members["forbid"] {
            policy.forbid = elements(forbid, of: "forbid").compactMap { self.forbid($0) }
            if isEmptyCollection(forbid) {
                warn(
                    forbid,
                    "forbid is empty, so whatever no allow entry covers is reverted; leave it out if you mean it"
                )
            }
        }
        if let exempt = members["exempt"] {
            let entries = elements(exempt, of: "exempt").compactMap { node in exemption(node).map { (node, $0) } }
            policy.exempt = entries.map(\.1)
            warnAboutNames(entries)
        }
        if let limits = members["limits"] { readLimits(limits, into: &policy) }
        if let expand = members["expand_prefix_lists"] {
            policy.expandPrefixLists = choice(expand, of: "expand_prefix_lists", among: ["true", "false"]) == "true"
        }
        if let forbid = members["forbid"] { warnAboutLists(forbid, policy) }
        if let notify = members["notify"] { readNotify(notify, into: &policy) }
        for entry in watch { warnAboutDefaultEgress(entry.node, entry.watch, of: policy) }
        return policy
    }

    private mutating func readVersion(_ version: Node?, root: Node) {
        guard let version else {
            fail(root, "version is missing; add \"version: 1\"")
            return
        }
        if let text = text(version, of: "version"), text != "1" {
            fail(version, "version \(quoted(text)) is not known; this program reads version 1")
        }
    }

    private mutating func readWatch(_ watch: Node?, root: Node) -> [(node: Node, watch: Watch)] {
        guard let watch else {
            fail(root, "watch is missing; say which groups are watched")
            return []
        }
        let nodes = elements(watch, of: "watch")
        let entries = nodes.compactMap { node in self.watch(node).map { (node: node, watch: $0) } }
        if case .sequence = watch, nodes.isEmpty {
            warn(watch, "watch is empty: no group is watched")
        } else if !entries.isEmpty, entries.allSatisfy({ $0.watch.watchesNothing }) {
            warn(watch, "the policy watches nothing: no entry can match a group and a change")
        }
        warnAboutShadows(entries)
        return entries
    }

    private mutating func readLimits(_ node: Node, into policy: inout Policy) {
        let keys = ["reverts_per_rule_per_hour", "reverts_per_group_per_hour", "reverts_per_hour"]
        guard let members = members(node, of: "limits", keys: keys) else { return }
        func count(_ key: String, _ reader: inout Self) -> Int? {
            guard let value = members[key], let text = reader.text(value, of: key) else { return nil }
            guard let count = Int(text), (1...1_000_000).contains(count) else {
                reader.fail(
                    value,
                    "\(quoted(text)) is not a whole number from 1 to 1000000; leave it out for no limit"
                )
                return nil
            }
            return count
        }
        policy.revertsPerRulePerHour = count(keys[0], &self)
        policy.revertsPerGroupPerHour = count(keys[1], &self)
        policy.revertsPerHour = count(keys[2], &self)
    }
}

extension Watch {
    /// True if no change of any group is watched under this entry.
    var watchesNothing: Bool {
        let lists = [groups, vpcs, accounts, regions, names.map { Set($0.map(\.description)) }]
        return changes.isEmpty || lists.contains { $0?.isEmpty ?? false }
    }
}
