/// One entry of a policy's forbid list. If a policy has such entries, a rule is reverted only if it overlaps one of
/// them and no allow entry covers it.
package struct Forbid: Hashable, Sendable {
    /// The name that people gave it.
    package let name: String?
    /// Ingress or egress; nil for both.
    package let direction: Direction?
    /// The protocol. Nil and `IPProtocol.all` mean every protocol.
    package let ipProtocol: IPProtocol?
    /// The ports; for ICMP, types with a code each, -1 for every code. Nil means all.
    package let ports: [PortRange]?
    /// The other ends; nil means all.
    package let sources: [RuleSource]?
    /// The IPv4 prefix length from which on a block is narrow enough to be left alone; nil for none.
    package let widerThanIPv4: Int?
    /// The IPv6 prefix length from which on a block is narrow enough to be left alone; nil for none.
    package let widerThanIPv6: Int?
    /// The line of the policy that holds the entry, for the audit.
    package let origin: String

    /// Creates an entry. A nil field matches everything.
    package init(
        name: String? = nil,
        direction: Direction? = nil,
        ipProtocol: IPProtocol? = nil,
        ports: [PortRange]? = nil,
        sources: [RuleSource]? = nil,
        widerThanIPv4: Int? = nil,
        widerThanIPv6: Int? = nil,
        origin: String
    ) {
        self.name = name
        self.direction = direction
        self.ipProtocol = ipProtocol
        self.ports = ports
        self.sources = sources
        self.widerThanIPv4 = widerThanIPv4
        self.widerThanIPv6 = widerThanIPv6
        self.origin = origin
    }

    /// True if the entry forbids some of the traffic that the rule, standing in `groupID`, allows.
    ///
    /// - Parameter lists: The entries of prefix lists, if lists are judged by their entries; else nil.
    package func overlaps(_ rule: SecurityGroupRule, in groupID: String?, lists: PrefixLists? = nil) -> Bool {
        miss(of: rule, in: groupID, lists: lists) == nil
    }

    /// The first reason why a rule and the entry do not overlap.
    enum Miss: Hashable {
        case direction, ipProtocol, ports, source, width
    }

    func miss(of rule: SecurityGroupRule, in groupID: String?, lists: PrefixLists?) -> Miss? {
        if let direction, direction != rule.direction { return .direction }
        let isEveryProtocol = ipProtocol == nil || ipProtocol == .all || rule.ipProtocol == .all
        guard isEveryProtocol || ipProtocol == rule.ipProtocol else { return .ipProtocol }
        if let ports, !ports.contains(where: { $0.overlaps(rule.ports, isICMP: rule.ipProtocol.isICMP) }) {
            return .ports
        }
        return miss(of: rule.peer, in: groupID, lists: lists)
    }

    private func miss(of peer: Peer, in groupID: String?, lists: PrefixLists?) -> Miss? {
        let misses = sources.map { !$0.contains { $0.overlaps(peer, in: groupID) } } ?? false
        switch peer {
        case .cidr(let block):
            if misses { return .source }
            return isWide(block) ? nil : .width
        case .prefixList(let id):
            guard misses, let lists else { return misses ? .source : nil }
            // A list that could not be read may contain anything.
            guard let entries = lists[id] else { return nil }
            let found = entries.map { miss(of: .cidr($0), in: groupID, lists: nil) }
            return found.contains(nil) ? nil : found.contains(.width) ? .width : .source
        case .group, .groupName:
            return misses ? .source : nil
        case .unknown:
            return nil
        }
    }

    /// True if the block is not narrow enough to be left alone. A block of IPv4-mapped addresses must be so as IPv6 and
    /// as IPv4.
    private func isWide(_ block: CIDRBlock) -> Bool {
        [block, block.unmapped].contains { block in
            guard let limit = block.family == .ipv4 ? widerThanIPv4 : widerThanIPv6 else { return true }
            return block.prefixLength < limit
        }
    }
}

extension PortRange {
    /// True if both ranges have a port in common; for ICMP, a type and code.
    fileprivate func overlaps(_ other: Self, isICMP: Bool) -> Bool {
        if self == .all || other == .all { return true }
        return isICMP
            ? from == other.from && (to == -1 || other.to == -1 || to == other.to)
            : from <= other.to && other.from <= to
    }
}
