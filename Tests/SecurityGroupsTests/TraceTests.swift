import Foundation
import SecurityGroups
import TestSupport
import Testing

/// What `policy explain --trace` says of each entry, for each way in which an entry can fail to apply.
@Suite struct TraceTests {
    private static let role = "arn:aws:iam::111122223333:role/terraform"
    private static let group = "sg-0a1b2c3d4e5f60718"
    private let time = Date(timeIntervalSince1970: 1_764_063_000)

    private func context(
        _ kind: ChangeKind = .ingressAdded,
        issuer: String? = nil,
        invokedBy: String? = nil,
        identity: String? = nil,
        time: Date? = nil
    ) -> ChangeContext {
        ChangeContext(
            group: GroupFacts(groupID: Self.group, account: nil, region: nil),
            kind: kind,
            issuerARN: issuer,
            invokedBy: invokedBy,
            sourceIdentity: identity,
            eventTime: time
        )
    }

    private func trace(
        allow: Allow? = nil,
        forbid: Forbid? = nil,
        exempt: Exemption? = nil,
        of rule: SecurityGroupRule,
        _ context: ChangeContext
    ) -> [TraceStep] {
        Policy(
            watch: [Watch(origin: "watch")],
            allow: allow.map { [$0] } ?? [],
            forbid: forbid.map { [$0] } ?? [],
            exempt: exempt.map { [$0] } ?? []
        ).trace(rule, context)
    }

    private func source(_ text: String) throws -> RuleSource { .cidr(try #require(CIDRBlock(text))) }

    @Test func `an allow entry says in which respect it does not cover the rule`() throws {
        let rule = Fixture.rule(port: 22)
        let world = try source("0.0.0.0/0")
        let cases: [(Allow, String)] = [
            (Allow(direction: .egress, sources: [world], origin: "a"), "is for egress, the rule is ingress"),
            (Allow(ipProtocol: .udp, sources: [world], origin: "a"), "protocol udp does not cover tcp"),
            (
                Allow(
                    ipProtocol: .tcp,
                    ports: [PortRange(from: 443, to: 443), PortRange(from: 8000, to: 8100)],
                    sources: [world],
                    origin: "a"
                ),
                "443, 8000-8100 does not cover 22"
            ),
            (
                Allow(sources: [try source("10.0.0.0/8"), .itself], origin: "a"),
                "no source covers 0.0.0.0/0: 10.0.0.0/8, self"
            ),
        ]
        for (entry, words) in cases {
            let steps = trace(allow: entry, of: rule, context())
            #expect(steps == [TraceStep(entry: "a", applies: false, detail: words)])
        }
        let covering = trace(allow: Allow(sources: [world], origin: "a"), of: rule, context())
        #expect(covering == [TraceStep(entry: "a", applies: true, detail: "covers the rule")])
    }

    @Test func `a long list of sources is cut, with its length`() throws {
        let sources = try (0..<12).map { try source("10.\($0).0.0/16") }
        let steps = trace(allow: Allow(sources: sources, origin: "a"), of: Fixture.rule(), context())
        #expect(steps.first?.detail.hasSuffix("10.7.0.0/16, … (12)") == true)
    }

    @Test func `a forbid entry says in which respect it has nothing in common with the rule`() throws {
        let rule = try Fixture.rule(port: 22, from: .cidr(#require(CIDRBlock("10.0.0.0/24"))))
        let cases: [(Forbid, String)] = [
            (Forbid(direction: .egress, origin: "f"), "is for egress, the rule is ingress"),
            (Forbid(ipProtocol: .udp, origin: "f"), "protocol udp is not tcp"),
            (
                Forbid(ipProtocol: .tcp, ports: [PortRange(from: 23, to: 25)], origin: "f"),
                "23-25 has no port of 22"
            ),
            (Forbid(sources: [.publicAddresses], origin: "f"), "no source overlaps 10.0.0.0/24: public"),
            (Forbid(widerThanIPv4: 24, origin: "f"), "10.0.0.0/24 is not wider than the entry says"),
        ]
        for (entry, words) in cases {
            let steps = trace(forbid: entry, of: rule, context())
            #expect(steps == [TraceStep(entry: "f", applies: false, detail: words)])
        }
        let hit = trace(forbid: Forbid(widerThanIPv4: 25, origin: "f"), of: rule, context())
        #expect(hit == [TraceStep(entry: "f", applies: true, detail: "overlaps the rule")])
    }

    @Test func `an exemption says in which respect it does not hold`() throws {
        let rule = Fixture.rule()
        let terraform: [Wildcard] = [Wildcard(Self.role)]
        let cases: [(Exemption, ChangeContext, String)] = [
            (Exemption(origin: "e"), context(issuer: Self.role), "names no caller"),
            (Exemption(principals: terraform, origin: "e"), context(), "the caller has no issuer ARN"),
            (Exemption(principals: terraform, origin: "e"), context(issuer: "arn:x"), "no principal matches arn:x"),
            (Exemption(invokedBy: ["eks.amazonaws.com"], origin: "e"), context(), "no service made the call"),
            (
                Exemption(invokedBy: ["eks.amazonaws.com"], origin: "e"), context(invokedBy: "rds.amazonaws.com"),
                "is not for calls by rds.amazonaws.com"
            ),
            (Exemption(sourceIdentity: ["mia"], origin: "e"), context(), "the session has no source identity"),
            (
                Exemption(sourceIdentity: ["mia"], origin: "e"), context(identity: "bob"),
                "is not for source identity bob"
            ),
            (
                Exemption(principals: terraform, groups: ["sg-1"], origin: "e"), context(issuer: Self.role),
                "is for other groups"
            ),
            (
                Exemption(principals: terraform, until: time, origin: "e"), context(issuer: Self.role),
                "the event has no time"
            ),
            (
                Exemption(principals: terraform, until: time, origin: "e"), context(issuer: Self.role, time: time),
                "had ended when the call was made"
            ),
        ]
        for (entry, context, words) in cases {
            let steps = trace(exempt: entry, of: rule, context)
            #expect(steps == [TraceStep(entry: "e", applies: false, detail: words)])
            #expect(!entry.covers(context), "the trace and the decision agree")
        }
        let held = trace(
            exempt: Exemption(principals: terraform, until: time, origin: "e"),
            of: rule,
            context(issuer: Self.role, time: time - 1)
        )
        #expect(held == [TraceStep(entry: "e", applies: true, detail: "exempts the caller")])
    }

    @Test func `of two exemptions that cover the caller, the one that lasts is told, as it decides`() {
        let time = Date(timeIntervalSince1970: 1_764_063_000)
        let callers = [Wildcard(Self.role)]
        let lending = Exemption(principals: callers, until: time + 60, then: .revert, origin: "lending")
        let lasting = Exemption(principals: callers, origin: "lasting")
        let watch = Watch(origin: "watch")
        let policy = Policy(watch: [watch], exempt: [lending, lasting])
        let (rule, context) = (Fixture.rule(), context(issuer: Self.role, time: time))
        let steps = policy.trace(rule, context)
        #expect(steps.map(\.entry) == ["lending", "lasting"] && steps.map(\.applies) == [false, true])
        #expect(policy.decide(rule, context, under: watch).reason == "lasting")
    }

    @Test func `ICMP is told by type and code`() throws {
        let rule = SecurityGroupRule(
            direction: .ingress,
            ipProtocol: .icmp,
            fromPort: 8,
            toPort: 0,
            peer: .cidr(.allIPv4)
        )
        let entry = Allow(
            ipProtocol: .icmp,
            ports: [PortRange(from: 3, to: -1), PortRange(from: 3, to: 4)],
            sources: [.cidr(.allIPv4)],
            origin: "a"
        )
        #expect(
            trace(allow: entry, of: rule, context()).map(\.detail) == [
                "type 3, type 3 code 4 does not cover type 8 code 0"
            ]
        )
    }

    @Test func `a watch entry says which fact is another, not known, or which change it leaves alone`() {
        let group = GroupFacts(groupID: Self.group, account: "111122223333", region: "eu-west-1")
        let context = ChangeContext(group: group, kind: .ingressAdded, issuerARN: nil, eventTime: nil)
        let policy = Policy(watch: [
            Watch(groups: ["sg-1"], origin: "1"), Watch(accounts: ["999922223333"], origin: "2"),
            Watch(regions: ["us-east-1"], origin: "3"), Watch(vpcs: ["vpc-1"], tags: ["a": "b"], origin: "4"),
            Watch(changes: [.egressAdded], origin: "5"), Watch(origin: "never reached"),
        ])
        #expect(
            policy.traceWatch(context).map { "\($0.entry): \($0.detail)" } == [
                "1: another group", "2: another account", "3: another region", "4: not known: VPC and tags",
                "5: matches the group, but its changes lack ingress-added: left alone",
            ]
        )
    }
}
