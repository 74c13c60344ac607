/// One entry of a policy's allow list. A rule may stand if it lies entirely inside one entry; several are not taken
/// together.
package struct Allow: Hashable, Sendable {
    /// The name that people gave it.
    package let name: String?
    /// Ingress or egress; nil for both.
    package let direction: Direction?
    /// The protocol; nil and `IPProtocol.all` cover every one.
    package let ipProtocol: IPProtocol?
    /// The ports; for ICMP, types with a code each, -1 for every code. Nil covers all; a rule's whole range must lie in
    /// one.
    package let ports: [PortRange]?
    /// The other ends.
    package let sources: [RuleSource]
    /// The line of the policy that says so, for the audit.
    package let origin: String

    /// An entry; what is nil does not matter.
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

    /// True if the whole rule, standing in `groupID`, lies inside this entry.
    ///
    /// - Parameter lists: the entries of prefix lists, where these are judged by their entries; else nil.
    package func covers(_ rule: SecurityGroupRule, in groupID: String?, lists: PrefixLists? = nil) -> Bool {
        shortfall(for: rule, in: groupID, lists: lists) == nil
    }

    /// The first respect in which a rule is not inside.
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
