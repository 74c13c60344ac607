import SecurityGroups
import Testing

@Suite struct SecurityGroupRuleTests {
    @Test(
        arguments: [
            (Direction.ingress, "tcp", 22, 22, "ingress tcp 22 from 192.0.2.0/24"),
            (.egress, "udp", 8000, 8100, "egress udp 8000-8100 to 192.0.2.0/24"),
            (.ingress, "tcp", nil, nil, "ingress tcp 0-65535 from 192.0.2.0/24"),
            (.ingress, "-1", 0, 0, "ingress all traffic from 192.0.2.0/24"),
            (.ingress, "icmp", -1, -1, "ingress icmp all types from 192.0.2.0/24"),
            (.ingress, "icmp", 3, -1, "ingress icmp type 3 from 192.0.2.0/24"),
            (.ingress, "icmpv6", 8, 0, "ingress icmpv6 type 8 code 0 from 192.0.2.0/24"),
            (.egress, "50", nil, nil, "egress protocol 50 to 192.0.2.0/24"),
        ] as [(Direction, String, Int?, Int?, String)]
    )
    func `a rule is told in words`(direction: Direction, name: String, from: Int?, to: Int?, words: String) throws {
        let rule = SecurityGroupRule(
            direction: direction,
            ipProtocol: try #require(IPProtocol(name)),
            fromPort: from,
            toPort: to,
            peer: .cidr(try #require(CIDRBlock("192.0.2.0/24")))
        )
        #expect(rule.description == words)
    }

    @Test(arguments: [
        (Peer.prefixList("pl-0123456789abcdef0"), "pl-0123456789abcdef0"), (.group("sg-0a1b2c3d"), "sg-0a1b2c3d"),
        (.groupName("web"), "web"), (.unknown("0.0.0.0/00"), "unknown: 0.0.0.0/00"),
    ])
    func `a peer that is no block is told by its id or name`(peer: Peer, text: String) {
        #expect(peer.description == text)
        #expect(Peer(text) == peer)
    }

    @Test func `a group's name is not its id`() {
        #expect(Peer.group("web") != Peer.groupName("web"))
    }
}

@Suite struct PeerTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/8", "10.0.0.0/8"), ("::/0", "::/0"), ("pl-1", "pl-1"),
        ("sg-1", "sg-1"),
        ("default", "default"), ("", ""), ("10.0.0.0/33", "10.0.0.0/33"),
    ])
    func `is read back from the text in the ledger's views`(text: String, written: String) {
        let peer = Peer(text)
        #expect(peer.description == written)
        #expect(Peer(peer.description) == peer)
    }

    @Test func `is an id by its prefix, and else a name`() {
        #expect(Peer("pl-x") == .prefixList("pl-x"))
        #expect(Peer("sg-x") == .group("sg-x"))
        #expect(Peer("SG-x") == .groupName("SG-x"))
        #expect(Peer("1.2.3") == .groupName("1.2.3"))
    }
}
