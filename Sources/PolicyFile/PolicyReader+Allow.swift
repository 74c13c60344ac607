import Formats
import SecurityGroups
import Yams

extension PolicyReader {
    mutating func allow(_ node: Node) -> Allow? {
        let keys = ["name", "direction", "protocol", "ports", "sources"]
        guard let members = members(node, of: "an allow entry", keys: keys) else { return nil }
        let name = members["name"].flatMap { text($0, of: "name") }
        let direction = members["direction"].flatMap { node in
            scalar(node, of: "direction").flatMap {
                choice($0, of: "direction", among: Direction.allCases.map(\.rawValue)) { Direction(rawValue: $0) }
            }
        }
        let ipProtocol = members["protocol"].flatMap { node in
            scalar(node, of: "protocol").flatMap {
                choice($0, of: "protocol", among: ["tcp", "udp", "icmp", "icmpv6", "all"]) { name in
                    // One spelling, the one in which reasons and tables show it.
                    name == name.lowercased() ? IPProtocol(name) : nil
                }
            }
        }
        var ports: [PortRange]?
        if let node = members["ports"] {
            if let ipProtocol, ipProtocol.hasPorts {
                ports = texts(node, of: "ports").compactMap { self.ports($0, ipProtocol) }
                if isEmptyCollection(node) { fail(node, "ports is empty; leave it out to allow all ports") }
            } else if members["protocol"] == nil || ipProtocol != nil {
                fail(node, "ports need a protocol that has them: tcp, udp, icmp or icmpv6")
            }
        }
        guard let sourcesNode = members["sources"] else {
            fail(node, "sources is missing; write [0.0.0.0/0, \"::/0\"] if every address is meant")
            return nil
        }
        let items = texts(sourcesNode, of: "sources")
        if isEmptyCollection(sourcesNode) {
            fail(sourcesNode, "sources is empty: the entry allows nothing")
        }
        let sources = items.compactMap { source($0, isIngress: direction != .egress) }
        return Allow(
            name: name,
            direction: direction,
            ipProtocol: ipProtocol,
            ports: ports,
            sources: sources,
            origin: origin(of: node, "allow", name: name)
        )
    }

    private mutating func scalar(_ node: Node, of what: String) -> Text? {
        text(node, of: what).map { Text(text: $0, node: node) }
    }

    private mutating func ports(_ item: Text, _ ipProtocol: IPProtocol) -> PortRange? {
        ipProtocol.isICMP ? icmpType(item) : portRange(item)
    }

    /// `443` or `8000-8100`.
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

    /// `8`, a type with every code, or `3/4`, a type and a code.
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

    private mutating func source(_ item: Text, isIngress: Bool) -> Allow.Source? {
        let text = item.text
        if text == "self" { return .itself }
        if isResourceID(text, prefix: "pl-") { return .prefixList(text) }
        if SecurityGroupID(text) != nil { return .group(text) }
        guard let block = CIDRBlock(text) else {
            let hint = nearest(to: text, among: ["self"]).map { "; did you mean \(quoted($0))?" } ?? ""
            fail(
                item.node,
                "\(quoted(text)) is not a CIDR block, a prefix list (pl-…), a security group (sg-…) or self\(hint)"
            )
            return nil
        }
        if let slash = text.lastIndex(of: "/"), CIDRBlock(text[..<slash])?.address != block.address {
            warn(item.node, "\(quoted(text)) has bits set after the prefix; it means \(block)")
        }
        if isIngress, block.isWorldwide {
            let share = block.prefixLength == 0 ? "the whole" : "much of the"
            warn(item.node, "\(block) lets \(share) internet in; name the networks that are meant")
        }
        return .cidr(block)
    }
}

extension CIDRBlock {
    /// Whether the block is the internet or so much of it that a few like it are. All public IPv6 is in 2000::/3.
    fileprivate var isWorldwide: Bool {
        prefixLength <= (family == .ipv4 ? 1 : 3)
    }
}
