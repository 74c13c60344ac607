import SecurityGroups
import Yams

extension PolicyReader {
    /// Warns of watch entries, or groups in them, that an earlier entry always matches first.
    mutating func warnAboutShadows(_ entries: [(node: Node, watch: Watch)]) {
        for (index, entry) in entries.enumerated() {
            let earlier = entries[..<index].map(\.watch)
            let parts = entry.watch.groups.map { $0.sorted().map { entry.watch.only(group: $0) } } ?? [entry.watch]
            let shadowed = parts.filter { part in earlier.contains { $0.covers(part) } }
            guard !shadowed.isEmpty else { continue }
            if let whole = earlier.first(where: { $0.covers(entry.watch) }) {
                warn(
                    entry.node,
                    "this entry can match nothing: \(whole.origin) comes first and matches all that it does"
                )
            } else if shadowed.count == parts.count {
                warn(entry.node, "this entry can match nothing: entries before it match all of its groups")
            } else {
                let groups = shadowed.compactMap { $0.groups?.first }.joined(separator: ", ")
                warn(entry.node, "an entry before this one already decides for \(groups)")
            }
        }
    }

    /// Warns of an entry that removes the outbound access of new groups: EC2 gives each new group a rule for all
    /// traffic, which the entry would revert.
    mutating func warnAboutDefaultEgress(_ node: Node, _ watch: Watch, of policy: Policy) {
        // A group that an entry names by its id exists already.
        guard watch.changes.contains(.egressAdded), watch.groups == nil, watch.action == .revert,
            !watch.watchesNothing
        else { return }
        let rule = SecurityGroupRule(
            direction: .egress,
            ipProtocol: .all,
            fromPort: nil,
            toPort: nil,
            peer: .cidr(.allIPv4)
        )
        let group = GroupFacts(groupID: nil, account: nil, region: nil)
        guard
            policy.objection(to: rule, in: group, under: watch) != nil || policy.allow.isEmpty && policy.forbid.isEmpty
        else { return }
        warn(
            node,
            "the entry takes the outbound access of every new group that it matches, since EC2 gives each one a rule for "
                + "all outbound traffic; allow it (direction: egress, sources: [0.0.0.0/0, \"::/0\"]), or leave out "
                + "egress-added"
        )
    }

    /// Warns of exempt entries that cannot be told apart by name. The ledger knows by the name which of them let a rule in.
    mutating func warnAboutNames(_ entries: [(node: Node, exemption: Exemption)]) {
        for (index, entry) in entries.enumerated() {
            let exemption = entry.exemption
            if let name = exemption.name {
                if let other = entries[..<index].first(where: { $0.exemption.name == name })?.exemption {
                    warn(entry.node, "\(other.origin) has the same name; give each entry a name of its own")
                }
            } else if exemption.then == .revert, exemption.until != nil {
                warn(
                    entry.node,
                    "then: revert needs a name: without one, the ledger knows the entry by its line, and a line may move"
                )
            }
        }
    }

    /// Warns of forbid entries for addresses alone: a prefix list that holds these addresses is then left alone.
    mutating func warnAboutLists(_ node: Node, _ policy: Policy) {
        guard !policy.forbid.isEmpty, !policy.expandPrefixLists,
            !policy.forbid.contains(where: { $0.sources?.contains(.anyPrefixList) ?? true })
        else { return }
        warn(
            node,
            "a rule for a prefix list is left alone, whatever addresses the list holds; set expand_prefix_lists: true, or "
                + "forbid any-prefix-list"
        )
    }

    /// Warns if only several allow entries, ports or sources together would cover a rule that is probably meant: ranges
    /// of ports that meet, blocks that are two halves of one.
    mutating func warnAboutUnions(_ entries: [(node: Node, allow: Allow)]) {
        let parts = entries.flatMap { entry in
            (entry.allow.ports ?? [.all]).flatMap { ports in entry.allow.sources.map { Part(entry, ports, $0) } }
        }
        var told: Set<[String]> = []
        for (index, part) in parts.enumerated() {
            for other in parts[..<index] where part.hasSameTraffic(as: other) {
                guard let union = part.union(with: other) else { continue }
                // A part that one entry covers alone needs no union.
                guard !parts.contains(where: { $0.hasSameTraffic(as: part) && $0.covers(union, like: part) }) else {
                    continue
                }
                guard told.insert([part.allow.origin, other.allow.origin, union.words]).inserted else { continue }
                let place =
                    part.allow.origin == other.allow.origin ? "its parts" : "\(other.allow.origin) and this entry"
                warn(
                    part.node,
                    "\(place) together are \(union.words), but a rule must lie inside one of them; "
                        + "write \(union.words) if you mean it"
                )
            }
        }
    }
}

extension Watch {
    fileprivate func only(group: String) -> Self {
        var copy = self
        copy.groups = [group]
        return copy
    }
}

/// One range of ports from one source. An allow entry consists of such parts.
private struct Part {
    let node: Node
    let allow: Allow
    let ports: PortRange
    let source: RuleSource
    /// The block of which the source is one half; nil where the source is no block, or everything.
    private let parent: CIDRBlock?

    init(_ entry: (node: Node, allow: Allow), _ ports: PortRange, _ source: RuleSource) {
        node = entry.node
        allow = entry.allow
        self.ports = ports
        self.source = source
        parent = if case .cidr(let block) = source { block.parent } else { nil }
    }

    enum Union {
        case ports(PortRange)
        case block(CIDRBlock)

        var words: String {
            switch self {
            case .ports(let range): "ports \(range.from)-\(range.to)"
            case .block(let block): block.description
            }
        }
    }

    func hasSameTraffic(as other: Self) -> Bool {
        allow.direction == other.allow.direction && allow.ipProtocol == other.allow.ipProtocol
    }

    func union(with other: Self) -> Union? {
        if source == other.source, ports != other.ports {
            return ports.union(other.ports, allow.ipProtocol).map(Union.ports)
        }
        guard let parent, parent == other.parent, ports == other.ports, source != other.source else { return nil }
        return .block(parent)
    }

    /// True if this part alone covers a union that `like` is one half of.
    func covers(_ union: Union, like part: Self) -> Bool {
        switch union {
        case .ports(let range):
            source == part.source && (ports == .all || ports.from <= range.from && range.to <= ports.to)
        case .block(let block):
            if case .cidr(let mine) = source { ports == part.ports && mine.contains(block) } else { false }
        }
    }
}

extension PortRange {
    /// Both ranges as one, if they meet and neither contains the other. Two single ports are a list, not a range.
    fileprivate func union(_ other: Self, _ ipProtocol: IPProtocol?) -> Self? {
        guard ipProtocol == .tcp || ipProtocol == .udp, from < to || other.from < other.to else { return nil }
        let (low, high) = from < other.from ? (self, other) : (other, self)
        guard low.from < high.from, low.to < high.to, high.from <= low.to + 1 else { return nil }
        return PortRange(from: low.from, to: high.to)
    }
}
