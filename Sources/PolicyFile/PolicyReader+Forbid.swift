import SecurityGroups
import Yams

extension PolicyReader {
    mutating func forbid(_ node: Node) -> Forbid? {
        let keys = TrafficScope.keys + ["wider_than"]
        guard let members = members(node, of: "a forbid entry", keys: keys) else { return nil }
        let scope = traffic(members)
        let sources = members["sources"].map { sourcesNode in
            if isEmptyCollection(sourcesNode) {
                fail(sourcesNode, "sources is empty: the entry forbids nothing; leave it out to mean every source")
            }
            return texts(sourcesNode, of: "sources").compactMap { source($0) }
        }
        var (ipv4, ipv6): (Int?, Int?)
        if let node = members["wider_than"], let members = self.members(node, of: "wider_than", keys: ["ipv4", "ipv6"])
        {
            ipv4 = prefixLength(members["ipv4"], of: "ipv4", upTo: 32)
            ipv6 = prefixLength(members["ipv6"], of: "ipv6", upTo: 128)
            if isEmptyCollection(node) { fail(node, "wider_than is empty; write { ipv4: 24, ipv6: 48 }") }
        }
        if members.keys.allSatisfy({ $0 == "name" }) {
            warn(node, "the entry forbids whatever no allow entry covers, as a policy without forbid does")
        }
        return Forbid(
            name: scope.name,
            direction: scope.direction,
            ipProtocol: scope.ipProtocol,
            ports: scope.ports,
            sources: sources,
            widerThanIPv4: ipv4,
            widerThanIPv6: ipv6,
            origin: origin(of: node, "forbid", name: scope.name)
        )
    }

    private mutating func prefixLength(_ node: Node?, of key: String, upTo limit: Int) -> Int? {
        guard let node, let text = text(node, of: key) else { return nil }
        guard let length = Int(text), (1...limit).contains(length), String(length) == text else {
            fail(node, "\(quoted(text)) is not the length of a prefix from 1 to \(limit)")
            return nil
        }
        return length
    }
}
