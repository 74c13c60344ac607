import Formats
import SecurityGroups
import Yams

extension PolicyReader {
    private static let selectors = ["groups", "names", "vpcs", "tags", "accounts", "regions"]

    mutating func watch(_ node: Node) -> Watch? {
        let keys = Self.selectors + ["changes", "action", "baseline"]
        guard let members = members(node, of: "a watch entry", keys: keys) else { return nil }
        for key in Self.selectors {
            guard let empty = members[key], isEmptyCollection(empty) else { continue }
            warn(
                empty,
                key == "tags" ? "tags is empty: it selects nothing" : "\(key) is empty: the entry matches nothing"
            )
        }
        let watch = Watch(
            groups: groups(members["groups"]),
            names: members["names"].map { node in texts(node, of: "names").map { Wildcard($0.text) } },
            vpcs: values(members["vpcs"], of: "vpcs", expected: "a VPC id, such as vpc-0123456789abcdef0") {
                isResourceID($0, prefix: "vpc-") ? $0 : nil
            }.map(Set.init),
            tags: members["tags"].map { tags($0) },
            accounts: values(members["accounts"], of: "accounts", expected: "an account number of 12 digits") {
                AccountID($0)?.description
            }.map(Set.init),
            regions: members["regions"].map { Set(regions($0)) },
            changes: changes(members["changes"]),
            action: members["action"].flatMap { choice($0, of: "action", among: Watch.Action.self) } ?? .revert,
            baseline: members["baseline"].flatMap { choice($0, of: "baseline", among: Watch.Baseline.self) }
                ?? .firstSight,
            origin: origin(of: node, "watch", name: nil)
        )
        if watch.matchesEveryGroup {
            warn(
                node,
                "the entry has no selector, so it matches every group in every Region and account that is acted on; "
                    + "name groups, names, vpcs, tags, accounts or regions"
            )
        }
        return watch
    }

    private mutating func changes(_ node: Node?) -> Set<ChangeKind> {
        guard let node else { return ChangeKind.watchedByDefault }
        let known = ChangeKind.allCases.map(\.rawValue)
        let changes = Set(
            texts(node, of: "changes").compactMap {
                choice($0, of: "change", among: known) { ChangeKind(rawValue: $0) }
            }
        )
        if isEmptyCollection(node) {
            warn(node, "changes is empty, so no change of these groups is judged; leave it out for the usual ones")
        } else if changes.contains(.ingressAdded) || changes.contains(.egressAdded), !changes.contains(.ruleModified) {
            warn(
                node,
                "additions are watched without rule-modified: a rule that is added harmless and then modified stays; "
                    + "add rule-modified"
            )
        }
        return changes
    }

    private mutating func regions(_ node: Node) -> [String] {
        texts(node, of: "regions").compactMap { item in
            guard item.text.wholeMatch(of: /[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}/) != nil else {
                fail(item.node, "\(quoted(item.text)) is not a Region, such as eu-west-1")
                return nil
            }
            warnAboutRegion(item.text, at: item.node)
            return item.text
        }
    }

    /// Warns of a Region that has the right form but does not exist.
    mutating func warnAboutRegion(_ region: String, at node: Node) {
        guard !knownRegions.contains(region) else { return }
        let hint = nearest(to: region, among: knownRegions).map { "; did you mean \(quoted($0))?" } ?? ""
        warn(node, "there is no Region \(quoted(region)), as far as this program knows\(hint)")
    }

    func isEmptyCollection(_ node: Node) -> Bool {
        switch node {
        case .sequence(let sequence): sequence.isEmpty
        case .mapping(let mapping): mapping.isEmpty
        case .scalar, .alias: false
        }
    }

    private mutating func tags(_ node: Node) -> [String: Wildcard] {
        guard case .mapping(let mapping) = node else {
            fail(node, "tags must be a mapping of tag keys to values, such as { sg-revert: enforce }")
            return [:]
        }
        var tags: [String: Wildcard] = [:]
        for (key, value) in mapping {
            guard let name = text(key, of: "a tag's key") else { continue }
            // A tag may have an empty value if the policy writes it.
            if case .scalar(let scalar) = value, value.null == nil {
                tags[name] = Wildcard(scalar.string)
            } else {
                fail(
                    value,
                    "the value of tag \(quoted(name)) must be a plain value; write \"\" for an empty one, \"*\" for any"
                )
            }
        }
        return tags
    }

    mutating func groups(_ node: Node?) -> Set<String>? {
        values(node, of: "groups", expected: "a security group id, such as sg-0a1b2c3d4e5f60718") {
            SecurityGroupID($0)?.description
        }.map(Set.init)
    }
}

/// True for a resource id of EC2: 8 hexadecimal digits before 2016, 17 since then.
func isResourceID(_ text: String, prefix: String) -> Bool {
    text.hasPrefix(prefix) && SecurityGroupID("sg-" + text.dropFirst(prefix.count)) != nil
}

/// The Regions of all partitions, as botocore listed them in November 2026. A newer one causes only a warning.
private let knownRegions = [
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
    "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "cn-north-1", "cn-northwest-1",
    "us-gov-east-1", "us-gov-west-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1",
    "eu-isoe-west-1", "us-isof-east-1", "us-isof-south-1", "eusc-de-east-1",
]
