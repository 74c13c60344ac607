import SecurityGroups
import TestSupport
import Testing

/// Laws that decisions rest on, held against many made-up blocks, rules and entries. The seed is fixed.
@Suite struct AlgebraTests {
    private var random = SeededGenerator(seed: 20_261_127)

    /// A block of one of few addresses, so that many blocks meet.
    private mutating func block() throws -> CIDRBlock {
        let length = Int.random(in: 0...32, using: &random)
        let bytes = (0..<4).map { _ in [0, 10, 128, 255].randomElement(using: &random) ?? 0 }
        let ipv4 = bytes.map(String.init).joined(separator: ".")
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            let prefix = ["2001:db8", "fc00", ""].randomElement(using: &random) ?? ""
            return try #require(CIDRBlock("\(prefix)::\(bytes[3])/\(length * 4)"))
        case 1, 2:
            let isWhole = Int.random(in: 0..<4, using: &random) == 0
            return try #require(CIDRBlock("::ffff:\(ipv4)/\(isWhole ? length * 4 : 96 + length)"))
        default:
            return try #require(CIDRBlock("\(ipv4)/\(length)"))
        }
    }

    private mutating func ports() -> PortRange {
        let from = Int.random(in: 20...25, using: &random)
        return PortRange(from: from, to: from + Int.random(in: 0...3, using: &random))
    }

    private mutating func rule() throws -> SecurityGroupRule {
        let ports = ports()
        let isAll = Int.random(in: 0..<6, using: &random) == 0
        return SecurityGroupRule(
            direction: Bool.random(using: &random) ? .ingress : .egress,
            ipProtocol: isAll ? .all : Bool.random(using: &random) ? .tcp : .udp,
            fromPort: isAll ? nil : ports.from,
            toPort: isAll ? nil : ports.to,
            peer: .cidr(try block())
        )
    }

    /// Records what breaks a law. An expectation in each round of a loop would take minutes.
    private func check(_ law: Bool, _ words: @autoclosure () -> String) {
        if !law { Issue.record("\(words())") }
    }

    @Test mutating func `a block contains itself, and containing is transitive and antisymmetric`() throws {
        let blocks = try (0..<80).map { _ in try block() }
        for one in blocks {
            check(one.contains(one) && one.overlaps(one), "\(one)")
            check(CIDRBlock(one.description) == one, "\(one) is not read as it is written")
            for two in blocks where one.contains(two) {
                check(one.overlaps(two) && two.overlaps(one), "\(one) contains \(two)")
                check(!two.contains(one) || one == two, "\(one) \(two)")
                for three in blocks where two.contains(three) { check(one.contains(three), "\(one) \(two) \(three)") }
            }
        }
    }

    @Test mutating func `blocks of one family overlap only where one contains the other`() throws {
        let blocks = try (0..<150).map { _ in try block() }
        for one in blocks {
            for two in blocks where one.family == two.family {
                check(one.overlaps(two) == (one.contains(two) || two.contains(one)), "\(one) \(two)")
            }
        }
    }

    @Test mutating func `blocks of two families overlap only as IPv4, and the order does not matter`() throws {
        let blocks = try (0..<150).map { _ in try block() }
        for one in blocks {
            for two in blocks {
                check(one.overlaps(two) == two.overlaps(one), "\(one) \(two)")
                guard one.family != two.family else { continue }
                check(!one.contains(two), "\(one) \(two)")
                check(one.overlaps(two) == one.unmapped.overlaps(two.unmapped), "\(one) \(two)")
            }
        }
    }

    @Test mutating func `a block inside one without public addresses has none`() throws {
        let blocks = try (0..<100).map { _ in try block() }
        let isPublic = blocks.map(\.hasPublicAddress)
        for (one, isPublicOne) in zip(blocks, isPublic) where !isPublicOne {
            for (two, isPublicTwo) in zip(blocks, isPublic) where one.contains(two) {
                check(!isPublicTwo, "\(two) in \(one)")
            }
        }
    }

    @Test mutating func `what an entry covers it overlaps, and a wider entry covers it as well`() throws {
        for _ in 0..<3000 {
            let rule = try rule()
            let (block, ports) = (try block(), ports())
            let allow = Allow(ipProtocol: .tcp, ports: [ports], sources: [.cidr(block)], origin: "a")
            let forbid = Forbid(ipProtocol: .tcp, ports: [ports], sources: [.cidr(block)], origin: "f")
            guard allow.covers(rule, in: nil) else { continue }
            check(forbid.overlaps(rule, in: nil), "\(rule) is covered and not overlapped")
            check(Allow(sources: [.cidr(block)], origin: "w").covers(rule, in: nil), "\(rule)")
            check(Forbid(origin: "w").overlaps(rule, in: nil), "\(rule)")
        }
    }

    @Test mutating func `a rule inside an allowed rule is allowed, and one around a forbidden rule is forbidden`()
        throws
    {
        for _ in 0..<3000 {
            let (outer, inner) = (try rule(), try rule())
            guard outer.direction == inner.direction, outer.ipProtocol == inner.ipProtocol,
                case .cidr(let wide) = outer.peer, case .cidr(let narrow) = inner.peer, wide.contains(narrow),
                outer.ports == .all
                    || outer.ports.from <= inner.ports.from && inner.ports.to <= outer.ports.to && inner.ports != .all
            else { continue }
            let (block, ports) = (try block(), ports())
            let isTCP = outer.ipProtocol == .tcp
            let allow = Allow(
                ipProtocol: isTCP ? .tcp : nil,
                ports: isTCP ? [ports] : nil,
                sources: [.cidr(block)],
                origin: "a"
            )
            let forbid = Forbid(
                ipProtocol: isTCP ? .tcp : nil,
                ports: isTCP ? [ports] : nil,
                sources: [.cidr(block)],
                origin: "f"
            )
            check(!allow.covers(outer, in: nil) || allow.covers(inner, in: nil), "\(outer) \(inner)")
            // A block that is wider than all mapped addresses is IPv6 alone: ::/0 does not stand for IPv4.
            guard wide.isMapped == narrow.isMapped else { continue }
            check(!forbid.overlaps(inner, in: nil) || forbid.overlaps(outer, in: nil), "\(outer) \(inner)")
        }
    }

    @Test mutating func `a decision names an entry of the policy, and asking again gives the same`() throws {
        for _ in 0..<300 {
            let allow = try (0..<3).map { index in
                Allow(name: "n\(index)", sources: [.cidr(try block())], origin: "policy.yaml:\(index) allow")
            }
            let forbid = try (0..<2).map {
                Forbid(sources: [.cidr(try block())], origin: "policy.yaml:\($0 + 9) forbid")
            }
            let watch = Watch(changes: Set(ChangeKind.allCases), origin: "policy.yaml:1 watch")
            let policy = Policy(watch: [watch], allow: allow, forbid: Bool.random(using: &random) ? forbid : [])
            let context = ChangeContext(
                group: GroupFacts(groupID: "sg-1", account: nil, region: nil),
                kind: .ingressAdded,
                issuerARN: nil,
                eventTime: nil
            )
            let rule = try rule()
            let decision = policy.decide(rule, context, under: watch)
            check(decision == policy.decide(rule, context, under: watch), "\(decision)")
            check(decision.reason.contains("policy.yaml:"), "\(decision)")
            check(
                (decision.approvedBy == nil) == (decision.decision == .revert) || !policy.forbid.isEmpty,
                "\(decision)"
            )
            let isCovered = allow.contains { $0.covers(rule, in: "sg-1") }
            let isForbidden = policy.forbid.contains { $0.overlaps(rule, in: "sg-1") }
            let mayStand = isCovered || !policy.forbid.isEmpty && !isForbidden
            check((decision.decision == .allow) == mayStand, "\(rule) \(decision)")
        }
    }
}

extension CIDRBlock {
    /// True for a block of IPv4-mapped addresses.
    fileprivate var isMapped: Bool { unmapped != self }
}
