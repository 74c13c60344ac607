/// One entry of a policy's allow list. A rule may stand if it lies entirely inside one entry; several are not taken
/// together.
package struct Allow: Hashable, Sendable {
    /// Where an entry lets traffic come from, or for egress go to.
    package enum Source: Hashable, Sendable, CustomStringConvertible {
        /// Addresses: covers every block inside.
        case cidr(CIDRBlock)
        /// A managed prefix list, by id. What is in it is not looked at.
        case prefixList(String)
        /// A security group, by id.
        case group(String)
        /// The group in which the rule stands.
        case itself

        /// The source as a policy writes it.
        package var description: String {
            switch self {
            case .cidr(let block): block.description
            case .prefixList(let id), .group(let id): id
            case .itself: "self"
            }
        }

        func covers(_ peer: Peer, in groupID: String?) -> Bool {
            switch (self, peer) {
            case (.cidr(let mine), .cidr(let block)): mine.contains(block)
            case (.prefixList(let mine), .prefixList(let id)): mine == id
            case (.group(let mine), .group(let id)): mine == id
            case (.itself, .group(let id)): id == groupID
            default: false
            }
        }
    }

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
    package let sources: [Source]
    /// The line of the policy that says so, for the audit.
    package let origin: String

    /// An entry; what is nil does not matter.
    package init(
        name: String? = nil,
        direction: Direction? = nil,
        ipProtocol: IPProtocol? = nil,
        ports: [PortRange]? = nil,
        sources: [Source],
        origin: String
    ) {
        self.name = name
        self.direction = direction
        self.ipProtocol = ipProtocol
        self.ports = ports
        self.sources = sources
        self.origin = origin
    }

    /// Whether the whole rule, standing in `groupID`, lies inside this entry.
    package func covers(_ rule: SecurityGroupRule, in groupID: String?) -> Bool {
        shortfall(for: rule, in: groupID) == nil
    }

    /// The first respect in which a rule is not inside.
    enum Shortfall: Hashable {
        case direction, ipProtocol, ports, source
    }

    func shortfall(for rule: SecurityGroupRule, in groupID: String?) -> Shortfall? {
        if let direction, direction != rule.direction { return .direction }
        if let ipProtocol, ipProtocol != .all, ipProtocol != rule.ipProtocol { return .ipProtocol }
        if let ports, !ports.contains(where: { covers(rule.ports, with: $0, rule.ipProtocol) }) { return .ports }
        return sources.contains { $0.covers(rule.peer, in: groupID) } ? nil : .source
    }

    private func covers(_ ports: PortRange, with mine: PortRange, _ ipProtocol: IPProtocol) -> Bool {
        if mine == .all { return true }
        return ipProtocol.isICMP
            ? mine.from == ports.from && (mine.to == -1 || mine.to == ports.to)
            : mine.from <= ports.from && ports.from <= ports.to && ports.to <= mine.to
    }
}
