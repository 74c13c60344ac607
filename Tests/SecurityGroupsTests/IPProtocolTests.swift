import SecurityGroups
import Testing

@Suite struct IPProtocolTests {
    @Test(arguments: [
        ("tcp", "tcp"), ("TCP", "tcp"), ("6", "tcp"), ("udp", "udp"), ("17", "udp"), ("icmp", "icmp"), ("1", "icmp"),
        ("icmpv6", "icmpv6"), ("ICMPv6", "icmpv6"), ("58", "icmpv6"), ("-1", "-1"), ("all", "-1"), ("0", "0"),
        ("50", "50"),
        ("255", "255"),
    ])
    func `every spelling has one canonical form`(text: String, canonical: String) {
        #expect(IPProtocol(text)?.description == canonical)
    }

    @Test(arguments: ["", "256", "-2", "+6", "006", "06", "6.0", " tcp", "tcp\u{0}", "٦", "tcpx", "sctp"])
    func `junk is no protocol`(text: String) {
        #expect(IPProtocol(text) == nil)
    }

    @Test(arguments: [
        (IPProtocol.tcp, true, false), (.udp, true, false), (.icmp, true, true), (.icmpv6, true, true),
        (.all, false, false),
    ])
    func `EC2 looks at the ports of four protocols`(ipProtocol: IPProtocol, hasPorts: Bool, isICMP: Bool) {
        #expect(ipProtocol.hasPorts == hasPorts)
        #expect(ipProtocol.isICMP == isICMP)
    }

    @Test func `a protocol by number has no ports`() throws {
        #expect(try #require(IPProtocol("50")).hasPorts == false)
    }
}

@Suite struct PortRangeTests {
    @Test(
        arguments: [
            (IPProtocol.tcp, 22, 22, 22, 22), (.tcp, 20, 23, 20, 23), (.tcp, nil, nil, 0, 65535),
            (.tcp, -1, -1, 0, 65535),
            (.udp, -1, nil, 0, 65535), (.udp, 53, nil, 53, 53), (.udp, nil, 53, 53, 53), (.tcp, 0, 0, 0, 0),
            (.icmp, nil, nil, -1, -1), (.icmp, -1, -1, -1, -1), (.icmp, -1, 0, -1, -1), (.icmp, nil, 3, -1, -1),
            (.icmp, 8, 0, 8, 0), (.icmp, 3, nil, 3, -1), (.icmpv6, 0, -1, 0, -1),
            (.all, nil, nil, -1, -1), (.all, 0, 0, -1, -1), (.all, 0, 65535, -1, -1), (.all, -1, -1, -1, -1),
            (.all, 22, 22, -1, -1),
        ] as [(IPProtocol, Int?, Int?, Int, Int)]
    )
    func `what a protocol makes of ports has one form`(
        ipProtocol: IPProtocol,
        from: Int?,
        to: Int?,
        first: Int,
        last: Int
    ) {
        #expect(PortRange(from: from, to: to, for: ipProtocol) == PortRange(from: first, to: last))
    }
}
