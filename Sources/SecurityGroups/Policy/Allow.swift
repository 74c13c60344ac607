/// One entry of a policy's allow list. A rule may stand if one entry covers it entirely. Entries are not combined.
package struct Allow: Hashable, Sendable {
    /// The name that people gave it.
    package let name: String?
    /// Ingress or egress; nil for both.
    package let direction: Direction?
    /// The protocol. Nil and `IPProtocol.all` cover every protocol.
    package let ipProtocol: IPProtocol?
    /// The ports; for ICMP, types with a code each, -1 for every code. Nil covers all. The whole range of a rule must
    /// lie in one of them.
    package let ports: [PortRange]?
    /// The other ends.
    package let sources: [RuleSource]
    /// The line of the policy that holds the entry, for the audit.
    package let origin: String

    /// Creates an entry. A nil field matches everything.
    package init(
        name: String? = nil,
        direction: Direction? = nil,
        ipProtocol: IPProtocol? = nil,
        ports: [PortRange]? = nil,
        sources: [RuleSource],
        origin: String
    ) {
        self.name = name
        self.direction = direction
        self.ipProtocol = ipProtocol
        self.ports = ports
        self.sources = sources
        self.origin = origin
    }

    /// True if this entry covers the whole rule, standing in `groupID`.
    ///
    /// - Parameter lists: The entries of prefix lists, if lists are judged by their entries; else nil.
    package func covers(_ rule: SecurityGroupRule, in groupID: String?, lists: PrefixLists? = nil) -> Bool {
        shortfall(for: rule, in: groupID, lists: lists) == nil
    }

    /// The first reason why a rule is not covered.
    enum Shortfall: Hashable {
        case direction, ipProtocol, ports, source
    }

    func shortfall(for rule: SecurityGroupRule, in groupID: String?, lists: PrefixLists? = nil) -> Shortfall? {
        if let direction, direction != rule.direction { return .direction }
        if let ipProtocol, ipProtocol != .all, ipProtocol != rule.ipProtocol { return .ipProtocol }
        if let ports, !ports.contains(where: { covers(rule.ports, with: $0, rule.ipProtocol) }) { return .ports }
        return covers(rule.peer, in: groupID, lists: lists) ? nil : .source
    }

    private func covers(_ peer: Peer, in groupID: String?, lists: PrefixLists?) -> Bool {
        if sources.contains(where: { $0.covers(peer, in: groupID) }) { return true }
        guard case .prefixList(let id) = peer, let entries = lists?[id] else { return false }
        return entries.allSatisfy { entry in sources.contains { $0.covers(.cidr(entry), in: groupID) } }
    }

    private func covers(_ ports: PortRange, with mine: PortRange, _ ipProtocol: IPProtocol) -> Bool {
        if mine == .all { return true }
        return ipProtocol.isICMP
            ? mine.from == ports.from && (mine.to == -1 || mine.to == ports.to)
            : mine.from <= ports.from && ports.from <= ports.to && ports.to <= mine.to
    }
}
