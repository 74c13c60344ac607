import FoundationEssentials
import SecurityGroups
import Testing

/// Any overlap: protocol, ports, source.
@Suite struct ForbidTests {
    private static let group = "sg-0a1b2c3d4e5f60718"
    private static let list = "pl-0123456789abcdef0"

    private func rule(
        _ name: String = "tcp",
        _ from: Int? = 443,
        _ to: Int? = nil,
        peer: Peer = .cidr(.allIPv4),
        _ direction: Direction = .ingress
    ) throws -> SecurityGroupRule {
        SecurityGroupRule(
            direction: direction,
            ipProtocol: try #require(IPProtocol(name)),
            fromPort: from,
            toPort: to ?? from,
            peer: peer
        )
    }

    @Test(arguments: [
        ("0.0.0.0/0", true), ("0.0.0.0/1", true), ("128.0.0.0/1", true), ("8.8.8.0/24", true), ("10.0.0.0/8", false),
        ("::/0", true), ("::/1", true), ("8000::/1", true), ("::ffff:8.8.8.8/128", true), ("fd00::/8", false),
        ("::ffff:10.0.0.0/104", false),
    ])
    func `public is not fooled by halves and mapped blocks`(block: String, overlaps: Bool) throws {
        let forbid = Forbid(sources: [.publicAddresses], origin: "")
        #expect(try forbid.overlaps(rule(peer: .cidr(#require(CIDRBlock(block)))), in: Self.group) == overlaps)
    }

    @Test(arguments: [
        ("10.0.0.0/8", true), ("10.0.0.0/23", true), ("10.0.0.0/24", false), ("10.0.0.1/32", false),
        ("2001:db8::/32", true), ("2001:db8::/48", false), ("::ffff:10.0.0.0/119", true),
        ("::ffff:10.0.0.0/120", false),
    ])
    func `narrow sources are left alone`(block: String, overlaps: Bool) throws {
        let forbid = Forbid(widerThanIPv4: 24, widerThanIPv6: 48, origin: "")
        #expect(try forbid.overlaps(rule(peer: .cidr(#require(CIDRBlock(block)))), in: Self.group) == overlaps)
    }

    @Test(arguments: [
        ("::/0", "::ffff:10.0.0.0/104", true), ("10.0.0.0/8", "::ffff:10.0.0.1/128", true),
        ("::ffff:10.0.0.0/104", "10.0.0.1/32", true), ("11.0.0.0/8", "::ffff:10.0.0.0/104", false),
        ("2001:db8::/32", "::ffff:10.0.0.0/104", false),
    ])
    func `a block of mapped addresses is found as IPv6 and as IPv4`(
        source: String,
        block: String,
        overlaps: Bool
    ) throws {
        let forbid = Forbid(sources: [.cidr(try #require(CIDRBlock(source)))], origin: "")
        #expect(try forbid.overlaps(rule(peer: .cidr(#require(CIDRBlock(block)))), in: Self.group) == overlaps)
    }

    @Test(
        arguments: [(24, nil, true), (nil, 48, true), (24, 48, false), (24, 128, true), (32, 48, true)]
            as [(Int?, Int?, Bool)]
    )
    func `a block of mapped addresses is narrow only as IPv6 and as IPv4`(ipv4: Int?, ipv6: Int?, overlaps: Bool) throws
    {
        let forbid = Forbid(widerThanIPv4: ipv4, widerThanIPv6: ipv6, origin: "")
        #expect(
            try forbid.overlaps(rule(peer: .cidr(#require(CIDRBlock("::ffff:10.0.0.0/120")))), in: Self.group)
                == overlaps
        )
    }

    @Test(
        arguments: [
            ("tcp", [22...22], "tcp", 22, 22, true), ("tcp", [22...22], "tcp", 0, 65535, true),
            ("tcp", [22...22], "tcp", 23, 80, false), ("tcp", [20...30], "tcp", 30, 40, true),
            ("tcp", [20...30], "tcp", 31, 40, false), ("tcp", [22...22], "udp", 22, 22, false),
            ("tcp", [22...22], "-1", nil, nil, true), ("tcp", [80...80, 443...443], "tcp", 443, 443, true),
            ("icmp", [8...8], "icmp", 8, 0, false), ("icmp", [8...8], "icmp", 8, -1, true),
            ("icmp", [8...8], "icmp", -1, -1, true), ("icmp", [8...8], "icmp", 3, -1, false),
            ("50", nil, "50", nil, nil, true), ("50", nil, "51", nil, nil, false), ("-1", nil, "udp", 53, 53, true),
        ] as [(String, [ClosedRange<Int>]?, String, Int?, Int?, Bool)]
    )
    func `one port in common is enough`(
        name: String,
        ports: [ClosedRange<Int>]?,
        other: String,
        from: Int?,
        to: Int?,
        overlaps: Bool
    ) throws {
        let forbid = Forbid(
            ipProtocol: IPProtocol(name),
            ports: ports?.map { PortRange(from: $0.lowerBound, to: $0.upperBound) },
            origin: ""
        )
        #expect(try forbid.overlaps(rule(other, from, to), in: Self.group) == overlaps)
    }

    @Test func `direction, groups and prefix lists bound an entry`() throws {
        let egress = Forbid(direction: .egress, origin: "")
        #expect(try !egress.overlaps(rule(), in: Self.group))
        #expect(try egress.overlaps(rule(peer: .group("sg-1"), .egress), in: Self.group))
        let own = Forbid(sources: [.itself, .group("sg-2")], origin: "")
        #expect(try own.overlaps(rule(peer: .group(Self.group)), in: Self.group))
        #expect(try own.overlaps(rule(peer: .group("sg-2")), in: Self.group))
        #expect(try own.overlaps(rule(peer: .groupName("web")), in: Self.group))
        #expect(try own.overlaps(rule(peer: .unknown("web")), in: Self.group))
        #expect(try !own.overlaps(rule(peer: .group("sg-3")), in: Self.group))
        #expect(try Forbid(sources: [.anyGroup], origin: "").overlaps(rule(peer: .group("sg-3")), in: Self.group))
        #expect(try !Forbid(sources: [.anyGroup], origin: "").overlaps(rule(), in: Self.group))
        let lists = Forbid(sources: [.anyPrefixList], origin: "")
        #expect(try lists.overlaps(rule(peer: .prefixList(Self.list)), in: Self.group))
    }

    @Test(arguments: [
        (["10.0.0.0/8", "8.8.8.8/32"], true), (["10.0.0.0/8"], false), ([], false), (nil, true),
    ])
    func `a prefix list is judged by its entries, and one that is not known may hold anything`(
        entries: [String]?,
        overlaps: Bool
    ) throws {
        let forbid = Forbid(sources: [.publicAddresses], origin: "")
        let blocks = try entries?.map { try #require(CIDRBlock($0)) }
        let lists = blocks.map { PrefixLists([Self.list: $0]) } ?? .unknown
        let rule = try rule(peer: .prefixList(Self.list))
        #expect(forbid.overlaps(rule, in: Self.group, lists: lists) == overlaps)
        #expect(!forbid.overlaps(rule, in: Self.group))
    }

    // MARK: What a policy decides

    private static let role = "arn:aws:iam::111122223333:role/terraform"

    private func policy(expand: Bool = false) throws -> Policy {
        Policy(
            watch: [Watch(changes: Set(ChangeKind.allCases), origin: "policy.yaml:3 watch")],
            allow: [
                Allow(
                    name: "web",
                    ipProtocol: .tcp,
                    ports: [PortRange(from: 80, to: 80), PortRange(from: 443, to: 443)],
                    sources: [.cidr(.allIPv4), .cidr(try #require(CIDRBlock("::/0")))],
                    origin: #"policy.yaml:6 allow "web""#
                )
            ],
            forbid: [
                Forbid(
                    name: "world",
                    direction: .ingress,
                    sources: [.publicAddresses],
                    origin: #"policy.yaml:12 forbid "world""#
                )
            ],
            exempt: [Exemption(name: "terraform", principals: [Wildcard(Self.role)], origin: "policy.yaml:15 exempt")],
            expandPrefixLists: expand
        )
    }

    private func decide(
        _ rule: SecurityGroupRule,
        kind: ChangeKind = .ingressAdded,
        by issuer: String? = nil,
        lists: PrefixLists = .unknown,
        expand: Bool = false
    ) throws -> Decision {
        let policy = try policy(expand: expand)
        let context = ChangeContext(
            group: GroupFacts(groupID: Self.group, account: nil, region: nil),
            kind: kind,
            issuerARN: issuer,
            eventTime: nil,
            prefixLists: lists
        )
        return policy.decide(rule, context, under: policy.watch[0])
    }

    @Test func `only what is forbidden and not allowed is reverted`() throws {
        #expect(
            try decide(rule())
                == Decision(
                    decision: .allow,
                    reason: #"policy.yaml:6 allow "web""#,
                    approvedBy: "allow web"
                )
        )
        let world = #"policy.yaml:12 forbid "world""#
        #expect(try decide(rule("tcp", 22)) == Decision(decision: .revert, reason: world))
        #expect(try decide(rule("-1", nil)).decision == .revert)
        #expect(try decide(rule("tcp", 80, 443)).decision == .revert)
        let inside = try decide(rule("tcp", 22, peer: .cidr(#require(CIDRBlock("10.0.0.0/8")))))
        #expect(inside.decision == .allow)
        #expect(inside.reason == "policy.yaml:3 watch: no forbid entry overlaps the rule")
        #expect(try decide(rule("tcp", 22, 22, peer: .cidr(.allIPv4), .egress), kind: .egressAdded).decision == .allow)
    }

    @Test func `an exempt caller may do what is forbidden`() throws {
        let decision = try decide(rule("tcp", 22), by: Self.role)
        #expect(decision.decision == .exempt)
        #expect(decision.approvedBy == "exempt terraform")
        #expect(try decide(rule(), by: Self.role).decision == .allow)
    }

    @Test func `a removed rule is put back unless it is forbidden`() throws {
        #expect(try decide(rule("tcp", 22), kind: .ingressRemoved).decision == .allow)
        #expect(try decide(rule(), kind: .ingressRemoved).decision == .revert)
        let inside = try rule("tcp", 22, peer: .cidr(#require(CIDRBlock("10.0.0.0/8"))))
        #expect(try decide(inside, kind: .ingressRemoved).decision == .revert)
    }

    @Test func `prefix lists count by their entries where the policy says so`() throws {
        let open = PrefixLists([Self.list: [.allIPv4]])
        let rule = try rule("tcp", 22, peer: .prefixList(Self.list))
        #expect(try decide(rule, lists: open).decision == .allow)
        #expect(try decide(rule, lists: open, expand: true).decision == .revert)
        #expect(try decide(rule, lists: .unknown, expand: true).decision == .revert)
        #expect(try policy(expand: true).prefixLists(neededFor: [rule, self.rule()]) == [Self.list])
        #expect(try policy().prefixLists(neededFor: [rule]) == [])
    }

    @Test func `the trace tells of each forbid entry whether it overlaps`() throws {
        let policy = try policy()
        let context = ChangeContext(
            group: GroupFacts(groupID: Self.group, account: nil, region: nil),
            kind: .ingressAdded,
            issuerARN: nil,
            eventTime: nil
        )
        #expect(
            try policy.trace(rule("tcp", 22), context).map(\.detail) == [
                "80, 443 does not cover 22", "overlaps the rule", "the caller has no issuer ARN",
            ]
        )
        let inside = try rule("tcp", 22, peer: .cidr(#require(CIDRBlock("10.0.0.0/8"))))
        #expect(
            policy.trace(inside, context).map(\.detail) == [
                "80, 443 does not cover 22", "no source overlaps 10.0.0.0/8: public",
            ]
        )
    }

    @Test func `what we add ourselves is judged as if a stranger had added it`() throws {
        let policy = try policy()
        let group = GroupFacts(groupID: Self.group, account: nil, region: nil)
        #expect(
            try policy.objection(to: rule("tcp", 22), in: group, under: policy.watch[0])
                == #"policy.yaml:12 forbid "world""#
        )
        #expect(try policy.objection(to: rule(), in: group, under: policy.watch[0]) == nil)
        let bare = Policy(watch: [Watch(changes: Set(ChangeKind.allCases), origin: "w")])
        #expect(try bare.objection(to: rule("tcp", 22), in: group, under: bare.watch[0]) == nil)
    }
}
