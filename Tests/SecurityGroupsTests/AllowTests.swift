import SecurityGroups
import TestSupport
import Testing

/// Exact containment: protocol, whole range of ports, whole source.
@Suite struct AllowTests {
    private static let group = "sg-0a1b2c3d4e5f60718"

    private func rule(
        _ name: String = "tcp",
        _ from: Int? = 443,
        _ to: Int? = nil,
        peer: Peer? = nil,
        _ direction: Direction = .ingress
    ) throws -> SecurityGroupRule {
        SecurityGroupRule(
            direction: direction,
            ipProtocol: try #require(IPProtocol(name)),
            fromPort: from,
            toPort: to ?? from,
            peer: try peer ?? .cidr(#require(CIDRBlock("203.0.113.0/24")))
        )
    }

    private func source(_ text: String) throws -> RuleSource {
        if text == "self" { return .itself }
        if text.hasPrefix("pl-") { return .prefixList(text) }
        if text.hasPrefix("sg-") { return .group(text) }
        return .cidr(try #require(CIDRBlock(text)))
    }

    @Test(arguments: [
        ("203.0.113.0/24", "203.0.113.0/24", true), ("203.0.113.0/24", "203.0.113.128/25", true),
        ("203.0.113.0/24", "203.0.113.7/32", true), ("203.0.113.0/24", "203.0.112.0/23", false),
        ("203.0.113.0/24", "203.0.114.0/24", false), ("0.0.0.0/0", "203.0.113.0/24", true),
        ("0.0.0.0/0", "::/0", false), ("::/0", "0.0.0.0/0", false), ("0.0.0.0/1", "0.0.0.0/0", false),
        ("2001:db8::/32", "2001:db8:1::/48", true), ("2001:db8::/32", "2001:db9::/48", false),
        ("::/0", "::ffff:203.0.113.0/120", true), ("0.0.0.0/0", "::ffff:203.0.113.0/120", false),
        ("pl-0123456789abcdef0", "pl-0123456789abcdef0", true), ("pl-0123456789abcdef0", "pl-0123456789abcdef1", false),
        ("0.0.0.0/0", "pl-0123456789abcdef0", false), ("0.0.0.0/0", "sg-0fedcba9876543210", false),
        ("sg-0fedcba9876543210", "sg-0fedcba9876543210", true), ("sg-0fedcba9876543210", group, false),
        ("self", group, true), ("self", "sg-0fedcba9876543210", false), (group, group, true),
        ("self", "203.0.113.0/24", false), ("sg-0fedcba9876543210", "203.0.113.0/24", false),
    ])
    func `a source lies inside or it does not`(allowed: String, peer: String, covers: Bool) throws {
        let peer: Peer =
            switch try source(peer) {
            case .cidr(let block): .cidr(block)
            case .prefixList(let id): .prefixList(id)
            case .group(let id): .group(id)
            case .itself: .group(Self.group)
            case .anyGroup, .anyPrefixList, .publicAddresses: .groupName("no peer")
            }
        let allow = Allow(
            ipProtocol: .tcp,
            ports: [PortRange(from: 443, to: 443)],
            sources: [try source(allowed)],
            origin: ""
        )
        #expect(try allow.covers(rule(peer: peer), in: Self.group) == covers)
    }

    @Test func `any group and any prefix list are sources too`() throws {
        let groups = Allow(sources: [.anyGroup], origin: "")
        #expect(try groups.covers(rule(peer: .group("sg-0fedcba9876543210")), in: Self.group))
        #expect(try !groups.covers(rule(peer: .prefixList("pl-0123456789abcdef0")), in: Self.group))
        let lists = Allow(sources: [.anyPrefixList], origin: "")
        #expect(try lists.covers(rule(peer: .prefixList("pl-0123456789abcdef0")), in: Self.group))
        #expect(try !lists.covers(rule(), in: Self.group))
    }

    @Test(arguments: [
        (["10.1.0.0/16", "10.2.3.4/32"], true), (["10.1.0.0/16", "11.0.0.0/8"], false), ([], true), (nil, false),
    ])
    func `a prefix list is covered where all its entries are`(entries: [String]?, covers: Bool) throws {
        let allow = Allow(sources: [try source("10.0.0.0/8")], origin: "")
        let blocks = try entries?.map { try #require(CIDRBlock($0)) }
        let lists = blocks.map { PrefixLists(["pl-0123456789abcdef0": $0]) } ?? .unknown
        let rule = try rule(peer: .prefixList("pl-0123456789abcdef0"))
        #expect(allow.covers(rule, in: Self.group, lists: lists) == covers)
        #expect(!allow.covers(rule, in: Self.group))
    }

    @Test func `a group by name is nothing that an entry can mean`() throws {
        let allow = Allow(sources: [.itself, .group("web"), try source("0.0.0.0/0")], origin: "")
        #expect(try !allow.covers(rule(peer: .groupName("web")), in: Self.group))
        #expect(try !allow.covers(rule(peer: .unknown("0.0.0.0/0")), in: Self.group))
        #expect(try !allow.covers(rule(peer: .group(Self.group)), in: nil))
    }

    @Test(
        arguments: [
            ("tcp", [443...443], "tcp", 443, 443, true), ("tcp", [443...443], "tcp", 443, 444, false),
            ("tcp", [443...443], "tcp", 442, 443, false), ("tcp", [443...443], "udp", 443, 443, false),
            ("tcp", [8000...8100], "tcp", 8000, 8100, true), ("tcp", [8000...8100], "tcp", 8050, 8050, true),
            ("tcp", [8000...8100], "tcp", 7999, 8100, false), ("tcp", [8000...8100], "tcp", 8000, 8101, false),
            ("tcp", [8000...8050, 8051...8100], "tcp", 8000, 8100, false),
            ("tcp", [80...80, 443...443], "tcp", 443, 443, true),
            ("tcp", [0...65535], "tcp", nil, nil, true), ("tcp", [0...65535], "-1", nil, nil, false),
            ("tcp", [1...65535], "tcp", nil, nil, false), ("tcp", nil, "tcp", nil, nil, true),
            ("tcp", nil, "tcp", 22, 23, true),
            ("tcp", nil, "udp", 22, 22, false), ("-1", nil, "-1", nil, nil, true), ("-1", nil, "tcp", 22, 22, true),
            ("-1", nil, "icmp", 8, 0, true), ("-1", nil, "50", nil, nil, true), (nil, nil, "-1", nil, nil, true),
            (nil, nil, "udp", 53, 53, true), ("50", nil, "50", nil, nil, true), ("50", nil, "51", nil, nil, false),
            ("tcp", [443...443], "tcp", 444, 442, false), ("tcp", [0...65535], "tcp", 30, 20, false),
        ] as [(String?, [ClosedRange<Int>]?, String, Int?, Int?, Bool)]
    )
    func `protocol and ports lie inside or they do not`(
        allowed: String?,
        ranges: [ClosedRange<Int>]?,
        name: String,
        from: Int?,
        to: Int?,
        covers: Bool
    ) throws {
        let allow = Allow(
            ipProtocol: try allowed.map { try #require(IPProtocol($0)) },
            ports: ranges?.map { PortRange(from: $0.lowerBound, to: $0.upperBound) },
            sources: [try source("0.0.0.0/0")],
            origin: ""
        )
        #expect(try allow.covers(rule(name, from, to), in: nil) == covers)
    }

    @Test(arguments: [
        (PortRange(from: 8, to: -1), 8, 0, true), (PortRange(from: 8, to: -1), 8, -1, true),
        (PortRange(from: 8, to: -1), 0, 0, false), (PortRange(from: 8, to: -1), -1, -1, false),
        (PortRange(from: 3, to: 4), 3, 4, true), (PortRange(from: 3, to: 4), 3, -1, false),
        (PortRange(from: 3, to: 4), 3, 5, false), (.all, -1, -1, true), (.all, 8, 0, true),
    ])
    func `an ICMP type covers its codes`(allowed: PortRange, type: Int, code: Int, covers: Bool) throws {
        let sources = [try source("0.0.0.0/0")]
        let rule = try rule("icmp", type, code)
        #expect(
            Allow(ipProtocol: .icmp, ports: [allowed], sources: sources, origin: "").covers(rule, in: nil) == covers
        )
        #expect(Allow(ipProtocol: .icmp, sources: sources, origin: "").covers(rule, in: nil))
    }

    @Test(arguments: [Direction.ingress, .egress])
    func `a direction is the same or not said`(direction: Direction) throws {
        let sources = [try source("0.0.0.0/0")]
        let rule = try rule("tcp", 443, nil, peer: nil, direction)
        #expect(Allow(sources: sources, origin: "").covers(rule, in: nil))
        #expect(
            Allow(direction: .ingress, sources: sources, origin: "").covers(rule, in: nil) == (direction == .ingress)
        )
        #expect(Allow(direction: .egress, sources: sources, origin: "").covers(rule, in: nil) == (direction == .egress))
    }
}

/// Laws that hold for every entry and rule, tried on many of them, the same ones on every run.
@Suite struct ContainmentTests {
    private var random = SeededGenerator(seed: 4711)

    private mutating func block(within outer: CIDRBlock? = nil) throws -> CIDRBlock {
        let address = (0..<4).map { index in
            let bits = min(max((outer?.prefixLength ?? 0) - index * 8, 0), 8)
            let mask = bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
            return (outer?.address[index] ?? 0) & mask | UInt8.random(in: 0...255, using: &random) & ~mask
        }
        let length = Int.random(in: (outer?.prefixLength ?? 0)...32, using: &random)
        return try #require(CIDRBlock("\(address.map(String.init).joined(separator: "."))/\(length)"))
    }

    private mutating func range(within outer: PortRange = PortRange(from: 0, to: 65535)) -> PortRange {
        let from = Int.random(in: outer.from...outer.to, using: &random)
        return PortRange(from: from, to: Int.random(in: from...outer.to, using: &random))
    }

    private func rule(_ ports: PortRange, _ block: CIDRBlock) -> SecurityGroupRule {
        SecurityGroupRule(
            direction: .ingress,
            ipProtocol: .tcp,
            fromPort: ports.from,
            toPort: ports.to,
            peer: .cidr(block)
        )
    }

    @Test mutating func `what covers a rule covers every rule inside it`() throws {
        var covered = 0
        for _ in 0..<2000 {
            let (allowedPorts, allowedBlock) = (range(), try block())
            let allow = Allow(ipProtocol: .tcp, ports: [allowedPorts], sources: [.cidr(allowedBlock)], origin: "")
            let isInside = Bool.random(using: &random)
            let (outerPorts, outerBlock) =
                isInside ? (range(within: allowedPorts), try block(within: allowedBlock)) : (range(), try block())
            guard allow.covers(rule(outerPorts, outerBlock), in: nil) else { continue }
            covered += 1
            let inner = rule(range(within: outerPorts), try block(within: outerBlock))
            #expect(allow.covers(inner, in: nil), "\(inner) in \(outerPorts) \(outerBlock)")
        }
        #expect(covered > 900)
    }

    @Test mutating func `an entry covers what lies in its ports and its block, address by address`() throws {
        for _ in 0..<2000 {
            let (allowedPorts, allowedBlock) = (range(), try block())
            let near = Bool.random(using: &random)
            let (ports, inner) = (range(), try near ? block(within: allowedBlock) : block())
            let allow = Allow(ipProtocol: .tcp, ports: [allowedPorts], sources: [.cidr(allowedBlock)], origin: "")
            let expected =
                allowedPorts.from <= ports.from && ports.to <= allowedPorts.to
                && first(allowedBlock) <= first(inner) && last(inner) <= last(allowedBlock)
            #expect(allow.covers(rule(ports, inner), in: nil) == expected, "\(allowedBlock) \(inner)")
        }
    }

    @Test mutating func `more sources or ports never cover less`() throws {
        for _ in 0..<1000 {
            let rule = rule(range(), try block())
            let (ports, source) = (range(), RuleSource.cidr(try block()))
            let small = Allow(ipProtocol: .tcp, ports: [ports], sources: [source], origin: "")
            let large = Allow(ports: nil, sources: [.cidr(try block()), source, .itself], origin: "")
            if small.covers(rule, in: nil) { #expect(large.covers(rule, in: nil)) }
        }
    }

    private func first(_ block: CIDRBlock) -> UInt64 {
        block.address.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func last(_ block: CIDRBlock) -> UInt64 {
        first(block) + (1 << UInt64(32 - block.prefixLength)) - 1
    }
}
