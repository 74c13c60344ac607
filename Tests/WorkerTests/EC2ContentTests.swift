import AWSClient
import SecurityGroups
import Testing

@testable import Worker

/// Rules as EC2 tells of them and as calls take them.
@Suite struct EC2ContentTests {
    private func described(
        id: String = Name.rule(1),
        group: String = Name.group,
        owner: String? = "111122223333",
        ipProtocol: String = "tcp",
        ports: (Int?, Int?) = (22, 22),
        ipv4: String? = nil,
        ipv6: String? = nil,
        list: String? = nil,
        referenced: String? = nil,
        referencedOwner: String? = nil
    ) -> DescribedSecurityGroupRule {
        DescribedSecurityGroupRule(
            securityGroupRuleID: id,
            groupID: group,
            groupOwnerID: owner,
            isEgress: false,
            ipProtocol: ipProtocol,
            fromPort: ports.0,
            toPort: ports.1,
            cidrIPv4: ipv4,
            cidrIPv6: ipv6,
            prefixListID: list,
            referencedGroupID: referenced,
            referencedGroupOwnerID: referencedOwner,
            description: "d",
            tags: ["k": "v"]
        )
    }

    @Test func `each kind of source is read as what it is`() throws {
        let sources: [(DescribedSecurityGroupRule, String)] = [
            (described(ipv4: "10.0.0.0/8"), "10.0.0.0/8"), (described(ipv6: "2001:db8::/32"), "2001:db8::/32"),
            (described(list: "pl-0123456789abcdef0"), "pl-0123456789abcdef0"),
            (described(referenced: "sg-0fedcba9876543210"), "sg-0fedcba9876543210"),
        ]
        for (rule, source) in sources {
            let live = try #require(LiveRule(rule))
            #expect(live.rule.peer == Peer(source))
            #expect(live.ruleDescription == "d" && live.ownerID == "111122223333" && live.tags == ["k": "v"])
        }
    }

    @Test(arguments: ["sgr-x", "", "sg-0a1b2c3d4e5f60718"])
    func `a rule without an id that EC2 makes is none`(_ id: String) {
        #expect(LiveRule(described(id: id, ipv4: "10.0.0.0/8")) == nil)
        #expect(LiveRule(described(group: id.isEmpty ? "" : "sgr-\(id)", ipv4: "10.0.0.0/8")) == nil)
    }

    @Test func `what cannot be read is seen as what no policy allows`() throws {
        let noSource = try #require(LiveRule(described()))
        guard case .unknown = noSource.rule.peer else {
            Issue.record("\(noSource.rule.peer)")
            return
        }
        let oddBlock = try #require(LiveRule(described(ipv4: "10.0.0.0/99")))
        #expect(oddBlock.rule.peer == .unknown("10.0.0.0/99"))
        #expect(try #require(LiveRule(described(ipProtocol: "", ipv4: "10.0.0.0/8"))).rule.ipProtocol == .all)
    }

    @Test(
        arguments: [
            ("111122223333", nil), ("444455556666", "444455556666"), (nil, nil),
        ] as [(String?, String?)]
    )
    func `the owner of the other group is kept where it is another account`(
        _ owner: String?,
        _ expected: String?
    ) throws {
        let live = try #require(LiveRule(described(referenced: "sg-0fedcba9876543210", referencedOwner: owner)))
        #expect(live.content.peerOwner == expected)
    }

    /// A rule, and which members of the call it sets: protocol, first and last port, source.
    @Test(arguments: [
        ("tcp", 22, 23, "10.0.0.0/8", "tcp 22 23 v4=10.0.0.0/8"),
        ("udp", 53, 53, "2001:db8::/32", "udp 53 53 v6=2001:db8::/32"),
        ("icmp", 8, -1, "pl-0123456789abcdef0", "icmp 8 -1 list=pl-0123456789abcdef0"),
        ("-1", -1, -1, "sg-0fedcba9876543210", "-1 - - group=sg-0fedcba9876543210"),
        ("50", -1, -1, "0.0.0.0/0", "50 - - v4=0.0.0.0/0"),
    ])
    func `a call takes a rule with the members that EC2 wants of it, and no others`(
        _ ipProtocol: String,
        _ from: Int,
        _ to: Int,
        _ source: String,
        _ expected: String
    ) throws {
        let rule = SecurityGroupRule(
            direction: .ingress,
            ipProtocol: try #require(IPProtocol(ipProtocol)),
            fromPort: from,
            toPort: to,
            peer: Peer(source)
        )
        let request = EC2RuleRequest(RuleContent(rule: rule, ruleDescription: "d", peerOwner: "444455556666"))
        let ports = [request.fromPort, request.toPort].map { $0.map(String.init) ?? "-" }.joined(separator: " ")
        let sources = [
            ("v4", request.cidrIPv4), ("v6", request.cidrIPv6), ("list", request.prefixListID),
            ("group", request.referencedGroupID),
        ].compactMap { name, value in value.map { "\(name)=\($0)" } }
        #expect("\(request.ipProtocol) \(ports) \(sources.joined(separator: " "))" == expected)
        #expect(request.description == "d" && request.referencedGroupOwnerID == "444455556666")
    }

    @Test func `a rule that EC2 shows is put back as it was`() throws {
        for rule in [
            described(ipv4: "10.0.0.0/8"), described(ipProtocol: "-1", ports: (-1, -1), ipv6: "::/0"),
            described(ipProtocol: "icmp", ports: (3, 4), list: "pl-0123456789abcdef0"),
        ] {
            let request = EC2RuleRequest(try #require(LiveRule(rule)).content)
            #expect(request.ipProtocol == rule.ipProtocol && request.cidrIPv4 == rule.cidrIPv4)
            #expect(request.cidrIPv6 == rule.cidrIPv6 && request.prefixListID == rule.prefixListID)
            #expect(request.description == rule.description)
        }
    }

    @Test(arguments: [
        ("0.0.0.0/0", 32), ("10.0.0.0/8", 24), ("10.0.0.1/32", 0), ("::/0", 32), ("2001:db8::/32", 24), ("::1/128", 0),
        ("pl-0123456789abcdef0", 0), ("sg-0fedcba9876543210", 0),
    ])
    func `a wider source comes first`(_ source: String, _ width: Int) {
        let rule = SecurityGroupRule(direction: .ingress, ipProtocol: .tcp, fromPort: 1, toPort: 1, peer: Peer(source))
        let ids = (SecurityGroupRuleID(Name.rule(1)), SecurityGroupID(Name.group))
        guard let id = ids.0, let group = ids.1 else { return }
        #expect(LiveRule(id: id, groupID: group, rule: rule, ruleDescription: nil).width == width)
    }

    @Test func `the id of a call is known where EC2 told it`() throws {
        let id = try #require(SecurityGroupRuleID(Name.rule(1)))
        let amendments: [(Amendment, String?)] = [
            (.done(id, requestID: "r"), "r"), (.accepted(requestID: "r"), "r"), (.accepted(requestID: nil), nil),
            (.duplicate, nil), (.notFound, nil),
        ]
        for (amendment, expected) in amendments { #expect(amendment.requestID == expected) }
        let revocations: [(Revocation, String?)] = [
            (.revoked(requestID: "r"), "r"), (.stands(requestID: "r"), "r"), (.notFound, nil),
        ]
        for (revocation, expected) in revocations { #expect(revocation.requestID == expected) }
        #expect(Direction.ingress.actionSuffix == "Ingress" && Direction.egress.actionSuffix == "Egress")
    }

    // MARK: Small helpers

    @Test(arguments: [(0, []), (1, [1]), (200, [200]), (201, [200, 1]), (400, [200, 200])] as [(Int, [Int])])
    func `a list goes in pieces that no call exceeds`(_ count: Int, _ sizes: [Int]) {
        let pieces = Array(0..<count).chunks(of: 200)
        #expect(pieces.map(\.count) == sizes && pieces.flatMap(\.self) == Array(0..<count))
    }

    @Test func `what comes twice is kept where it came first`() {
        #expect(["b", "a", "b", "c", "a"].uniqued() == ["b", "a", "c"])
        #expect([Int]().uniqued().isEmpty)
    }

    @Test func `a queue gives its elements in order, however many were taken before`() {
        var queue = FIFO<Int>()
        #expect(queue.popFirst() == nil && queue.first == nil && queue.isEmpty)
        var next = 0
        for number in 0..<200 {
            queue.append(number)
            if number % 3 != 0 {
                #expect(queue.popFirst() == next)
                next += 1
            }
        }
        #expect(queue.count == 200 - next && queue.first == next)
        queue.prepend([-2, -1])
        #expect(queue.popFirst() == -2 && queue.count == 201 - next)
        queue.removeAll { $0 < 190 }
        #expect((190..<200).allSatisfy { queue.popFirst() == $0 } && queue.isEmpty)
    }
}
