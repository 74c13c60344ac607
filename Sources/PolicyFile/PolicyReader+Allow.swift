import SecurityGroups
import Yams

extension PolicyReader {
    mutating func allow(_ node: Node) -> Allow? {
        guard let members = members(node, of: "an allow entry", keys: TrafficScope.keys) else { return nil }
        let scope = traffic(members)
        guard let sourcesNode = members["sources"] else {
            fail(node, "sources is missing; write [0.0.0.0/0, \"::/0\"] if every address is meant")
            return nil
        }
        if isEmptyCollection(sourcesNode) {
            fail(sourcesNode, "sources is empty: the entry allows nothing")
        }
        let sources = texts(sourcesNode, of: "sources").compactMap {
            allowed($0, isIngress: scope.direction != .egress)
        }
        return Allow(
            name: scope.name,
            direction: scope.direction,
            ipProtocol: scope.ipProtocol,
            ports: scope.ports,
            sources: sources,
            origin: origin(of: node, "allow", name: scope.name)
        )
    }

    private mutating func allowed(_ item: Text, isIngress: Bool) -> RuleSource? {
        let source = source(item)
        switch source {
        case .publicAddresses:
            fail(item.node, "\"public\" can only be forbidden; to allow every address write [0.0.0.0/0, \"::/0\"]")
            return nil
        case .cidr(let block) where isIngress && block.isWorldwide:
            let share = block.prefixLength == 0 ? "the whole" : "much of the"
            warn(item.node, "\(block) lets \(share) internet in; name the networks that are meant")
        default: break
        }
        return source
    }
}

extension CIDRBlock {
    /// True if the block is the internet or a large part of it. All public IPv6 addresses are in 2000::/3.
    fileprivate var isWorldwide: Bool {
        prefixLength <= (family == .ipv4 ? 1 : 3)
    }
}
