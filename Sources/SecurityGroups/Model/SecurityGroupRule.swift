/// The direction of the traffic that a rule allows.
package enum Direction: String, Hashable, Sendable, CaseIterable {
    /// Into the members of the group.
    case ingress
    /// Out of the members of the group.
    case egress
}

/// The other end of a rule: the source of an ingress rule, the destination of an egress rule.
package enum Peer: Hashable, Sendable, CustomStringConvertible {
    /// Addresses.
    case cidr(CIDRBlock)
    /// A managed prefix list, by id.
    case prefixList(String)
    /// The members of a security group, by id. Ids are unique across accounts, so the owner is not part of it.
    case group(String)
    /// A security group by name, as requests from before rule ids could name it. EC2 never shows a rule in this form.
    case groupName(String)
    /// A form that this version does not know, as EC2 shows it. No allow entry covers it, and each forbid entry may mean it.
    case unknown(String)

    private static let unknownPrefix = "unknown: "

    /// True if the form is known, so that a call can name it.
    package var isKnown: Bool {
        if case .unknown = self { false } else { true }
    }

    /// Reads the text that `description` writes.
    package init(_ description: String) {
        self =
            if let block = CIDRBlock(description) { .cidr(block) } else if description.hasPrefix("pl-") {
                .prefixList(description)
            } else if description.hasPrefix("sg-") {
                .group(description)
            } else if description.hasPrefix(Self.unknownPrefix) {
                .unknown(String(description.dropFirst(Self.unknownPrefix.count)))
            } else { .groupName(description) }
    }

    /// The peer as the AWS console and the ledger's views show it.
    package var description: String {
        switch self {
        case .cidr(let block): block.description
        case .prefixList(let id), .group(let id), .groupName(let id): id
        case .unknown(let text): Self.unknownPrefix + text
        }
    }
}

/// The traffic that a rule allows, without the direction: one protocol, one range of ports, one peer.
package struct RuleTraffic: Hashable, Sendable {
    /// The protocol, in EC2's spelling.
    package let ipProtocol: IPProtocol
    /// The ports, or the ICMP type and code, in canonical form.
    package let ports: PortRange
    /// The other end.
    package let peer: Peer

    /// Creates traffic from the fields of requests, records and responses. The ports are brought into canonical form.
    package init(ipProtocol: IPProtocol, fromPort: Int?, toPort: Int?, peer: Peer) {
        self.ipProtocol = ipProtocol
        ports = PortRange(from: fromPort, to: toPort, for: ipProtocol)
        self.peer = peer
    }
}

/// The content of a rule: a direction and the traffic. One group cannot have two rules with the same content.
///
/// The description is not part of it, because it changes without a change of access.
package struct SecurityGroupRule: Hashable, Sendable {
    /// Ingress or egress.
    package let direction: Direction
    /// The traffic that the rule allows.
    package let traffic: RuleTraffic

    /// Creates a rule that allows `traffic` in one direction.
    package init(direction: Direction, traffic: RuleTraffic) {
        self.direction = direction
        self.traffic = traffic
    }

    /// Creates a rule from the fields of requests, records and responses. The ports are brought into canonical form.
    package init(direction: Direction, ipProtocol: IPProtocol, fromPort: Int?, toPort: Int?, peer: Peer) {
        self.init(
            direction: direction,
            traffic: RuleTraffic(ipProtocol: ipProtocol, fromPort: fromPort, toPort: toPort, peer: peer)
        )
    }

    /// The protocol, in EC2's spelling.
    package var ipProtocol: IPProtocol { traffic.ipProtocol }
    /// The ports, or the ICMP type and code, in canonical form.
    package var ports: PortRange { traffic.ports }
    /// The other end.
    package var peer: Peer { traffic.peer }
}

extension SecurityGroupRule: CustomStringConvertible {
    /// The rule in words, for people: `ingress tcp 22 from 0.0.0.0/0`.
    package var description: String {
        ruleInWords(
            direction: direction.rawValue,
            ipProtocol: ipProtocol.description,
            ports: ports,
            peer: peer.description
        )
    }
}

/// A rule in words, made from the texts in the ledger's views.
package func ruleInWords(direction: String, ipProtocol: String, ports: PortRange, peer: String) -> String {
    let traffic =
        switch IPProtocol(ipProtocol) {
        case .all: "all traffic"
        case .icmp where ports == .all, .icmpv6 where ports == .all: "\(ipProtocol) all types"
        case .icmp, .icmpv6: "\(ipProtocol) type \(ports.from)" + (ports.to == -1 ? "" : " code \(ports.to)")
        case .tcp where ports.from == ports.to, .udp where ports.from == ports.to: "\(ipProtocol) \(ports.from)"
        case .tcp, .udp: "\(ipProtocol) \(ports.from)-\(ports.to)"
        default: "protocol \(ipProtocol)"
        }
    return "\(direction) \(traffic) \(direction == Direction.egress.rawValue ? "to" : "from") \(peer)"
}
