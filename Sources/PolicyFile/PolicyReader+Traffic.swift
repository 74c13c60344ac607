import SecurityGroups
import Yams

/// The keys that allow and forbid entries have in common.
struct TrafficScope {
    static let keys = ["name", "direction", "protocol", "ports", "sources"]

    var name: String?
    var direction: Direction?
    var ipProtocol: IPProtocol?
    var ports: [PortRange]?
}

extension PolicyReader {
    /// Reads the keys about traffic, without the sources.
    mutating func traffic(_ members: [String: Node]) -> TrafficScope {
        var scope = TrafficScope()
        scope.name = members["name"].flatMap { text($0, of: "name") }
        scope.direction = members["direction"].flatMap { choice($0, of: "direction", among: Direction.self) }
        scope.ipProtocol = members["protocol"].flatMap { node in
            text(node, of: "protocol").flatMap {
                choice(Text(text: $0, node: node), of: "protocol", among: ["tcp", "udp", "icmp", "icmpv6", "all"]) {
                    // The spelling in which reasons and tables show it.
                    $0 == $0.lowercased() ? IPProtocol($0) : nil
                }
            }
        }
        if let node = members["ports"] {
            if let ipProtocol = scope.ipProtocol, ipProtocol.hasPorts {
                scope.ports = texts(node, of: "ports").compactMap { self.ports($0, ipProtocol) }
                if isEmptyCollection(node) { fail(node, "ports is empty; leave it out to mean all ports") }
            } else if members["protocol"] == nil || scope.ipProtocol != nil {
                fail(node, "ports need a protocol that has them: tcp, udp, icmp or icmpv6")
            }
        }
        return scope
    }

    private mutating func ports(_ item: Text, _ ipProtocol: IPProtocol) -> PortRange? {
        ipProtocol.isICMP ? icmpType(item) : portRange(item)
    }

    /// Reads `443` or `8000-8100`.
    private mutating func portRange(_ item: Text) -> PortRange? {
        let parts = item.text.split(separator: "-", omittingEmptySubsequences: false).map { number($0, upTo: 65535) }
        guard (1...2).contains(parts.count), let from = parts[0], let to = parts[parts.count - 1] else {
            fail(
                item.node,
                "\(quoted(item.text)) is not a port or a range of ports from 0 to 65535, such as 443 or 8000-8100"
            )
            return nil
        }
        guard from <= to else {
            fail(item.node, "the range \(quoted(item.text)) is reversed; write \(to)-\(from)")
            return nil
        }
        return PortRange(from: from, to: to)
    }

    /// Reads `8`, an ICMP type with every code, or `3/4`, a type and a code.
    private mutating func icmpType(_ item: Text) -> PortRange? {
        let parts = item.text.split(separator: "/", omittingEmptySubsequences: false).map { number($0, upTo: 255) }
        guard (1...2).contains(parts.count), let type = parts[0], let code = parts[parts.count - 1] else {
            fail(item.node, "\(quoted(item.text)) is not an ICMP type, such as 8, or type and code, such as 3/4")
            return nil
        }
        return PortRange(from: type, to: parts.count == 1 ? -1 : code)
    }

    private func number(_ text: Substring, upTo limit: Int) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number <= limit else {
            return nil
        }
        return number
    }

    /// The words that are sources. Other sources are addresses and ids.
    static let namedSources: [String: RuleSource] = [
        "self": .itself, "any-group": .anyGroup, "any-prefix-list": .anyPrefixList, "public": .publicAddresses,
    ]

    /// Reads a source. Adds an error and returns nil if it is none.
    mutating func source(_ item: Text) -> RuleSource? {
        let text = item.text
        if let source = Self.namedSources[text] { return source }
        if isResourceID(text, prefix: "pl-") { return .prefixList(text) }
        if SecurityGroupID(text) != nil { return .group(text) }
        guard let block = CIDRBlock(text) else {
            let hint = hintOfNearest(text, Self.namedSources.keys.sorted())
            fail(
                item.node,
                "\(quoted(text)) is not a CIDR block, a prefix list (pl-…), a security group (sg-…), self, any-group or "
                    + "any-prefix-list\(hint)"
            )
            return nil
        }
        if let slash = text.lastIndex(of: "/"), CIDRBlock(text[..<slash])?.address != block.address {
            warn(item.node, "\(quoted(text)) has bits set after the prefix; it means \(block)")
        }
        return .cidr(block)
    }
}
