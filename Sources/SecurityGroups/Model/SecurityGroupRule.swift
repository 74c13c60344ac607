/// Which way the traffic goes that a rule lets through.
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
    /// The members of a security group, by id. Ids are unique in all accounts, so the owner is not part of it.
    case group(String)
    /// A security group by name, as requests of the years before rule ids could write it. EC2 never shows a rule so.
    case groupName(String)

    /// Reads what `description` wrote.
    package init(_ description: String) {
        self =
            if let block = CIDRBlock(description) { .cidr(block) } else if description.hasPrefix("pl-") {
                .prefixList(description)
            } else if description.hasPrefix("sg-") { .group(description) } else { .groupName(description) }
    }

    /// The peer as the AWS console and the ledger's views write it.
    package var description: String {
        switch self {
        case .cidr(let block): block.description
        case .prefixList(let id), .group(let id), .groupName(let id): id
        }
    }
}

/// What a rule lets through, apart from the direction: one protocol, one range of ports, one peer.
package struct RuleTraffic: Hashable, Sendable {
    /// The protocol, in EC2's spelling.
    package let ipProtocol: IPProtocol
    /// The ports, or the ICMP type and code, in canonical form.
    package let ports: PortRange
    /// The other end.
    package let peer: Peer

    /// Traffic from the fields that requests, records and answers have; ports are made canonical.
    package init(ipProtocol: IPProtocol, fromPort: Int?, toPort: Int?, peer: Peer) {
        self.ipProtocol = ipProtocol
        ports = PortRange(from: fromPort, to: toPort, for: ipProtocol)
        self.peer = peer
    }
}

/// What one rule says: a direction and the traffic. Two rules with the same content cannot stand in one group.
///
/// The description is not part of it: it changes without a change of access.
package struct SecurityGroupRule: Hashable, Sendable {
    /// Ingress or egress.
    package let direction: Direction
    /// What it lets through.
    package let traffic: RuleTraffic

    /// A rule that lets `traffic` through in one direction.
    package init(direction: Direction, traffic: RuleTraffic) {
        self.direction = direction
        self.traffic = traffic
    }

    /// A rule from the fields that requests, records and answers have; ports are made canonical.
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

/// A rule in words, from the texts in which the ledger's views hold it.
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
