import FoundationEssentials
import SecurityGroups
import TestSupport
import Testing

@Suite struct DecideTests {
    private static let role = "arn:aws:iam::111122223333:role/terraform"

    private func policy(allow: [Allow]? = nil) throws -> Policy {
        Policy(
            watch: [Watch(changes: Set(ChangeKind.allCases), origin: "policy.yaml:3 watch")],
            allow: try allow ?? [
                Allow(
                    direction: .ingress,
                    ipProtocol: .tcp,
                    ports: [PortRange(from: 22, to: 22)],
                    sources: [.cidr(#require(CIDRBlock("10.0.0.0/8")))],
                    origin: #"policy.yaml:6 allow "ssh""#
                ),
                Allow(
                    direction: .ingress,
                    ipProtocol: .tcp,
                    sources: [.cidr(#require(CIDRBlock("10.0.0.0/8")))],
                    origin: "policy.yaml:11 allow"
                ),
            ],
            exempt: [Exemption(principals: [Wildcard(Self.role)], origin: "policy.yaml:15 exempt")]
        )
    }

    private func context(_ kind: ChangeKind = .ingressAdded, by arn: String? = nil) -> ChangeContext {
        let group = GroupFacts(groupID: "sg-0a1b2c3d4e5f60718", account: nil, region: nil)
        return ChangeContext(group: group, kind: kind, issuerARN: arn, eventTime: nil)
    }

    private func rule(_ direction: Direction = .ingress, from block: String) throws -> SecurityGroupRule {
        try Fixture.rule(direction, from: .cidr(#require(CIDRBlock(block))))
    }

    @Test func `the first entry that covers is the reason`() throws {
        let policy = try policy()
        let decision = try policy.decide(rule(from: "10.1.0.0/16"), context(), under: policy.watch[0])
        let reason = #"policy.yaml:6 allow "ssh""#
        #expect(decision == Decision(decision: .allow, reason: reason, approvedBy: "allow policy.yaml:6"))
    }

    @Test func `an allowed rule is allowed whoever made it`() throws {
        let policy = try policy()
        let decision = try policy.decide(rule(from: "10.1.0.0/16"), context(by: Self.role), under: policy.watch[0])
        #expect(decision.decision == .allow)
    }

    @Test func `what nothing covers is reverted, unless its maker is exempt`() throws {
        let policy = try policy()
        let open = try rule(from: "0.0.0.0/0")
        #expect(
            policy.decide(open, context(), under: policy.watch[0])
                == Decision(decision: .revert, reason: "policy.yaml:3 watch")
        )
        #expect(
            policy.decide(open, context(by: Self.role), under: policy.watch[0])
                == Decision(
                    decision: .exempt,
                    reason: "policy.yaml:15 exempt",
                    approvedBy: "exempt policy.yaml:15"
                )
        )
    }

    @Test func `entries are not taken together`() throws {
        let halves = try ["0.0.0.0/1", "128.0.0.0/1"].map {
            Allow(sources: [.cidr(try #require(CIDRBlock($0)))], origin: "")
        }
        let policy = try policy(allow: halves)
        #expect(try policy.decide(rule(from: "0.0.0.0/0"), context(), under: policy.watch[0]).decision == .revert)
        #expect(try policy.decide(rule(from: "128.0.0.0/2"), context(), under: policy.watch[0]).decision == .allow)
    }

    @Test(arguments: [
        ("10.1.0.0/16", ChangeKind.allCases, nil, RuleDecision.revert), ("0.0.0.0/0", ChangeKind.allCases, nil, .allow),
        ("0.0.0.0/0", [.ingressRemoved], nil, .revert), ("0.0.0.0/0", [.ingressRemoved], role, .exempt),
        ("10.1.0.0/16", [.ingressRemoved], role, .exempt),
    ])
    func `a removed rule is put back unless the policy would not let it stand`(
        block: String,
        changes: [ChangeKind],
        issuer: String?,
        decision: RuleDecision
    ) throws {
        let watch = Watch(changes: Set(changes), origin: "w")
        let context = context(.ingressRemoved, by: issuer)
        #expect(try policy().decide(rule(from: block), context, under: watch).decision == decision)
    }

    @Test func `without an allow list every removed rule is put back`() throws {
        let policy = try policy(allow: [])
        let decision = try policy.decide(rule(from: "0.0.0.0/0"), context(.ingressRemoved), under: policy.watch[0])
        #expect(decision.decision == .revert)
    }

    @Test func `a modified rule is judged as far as its record tells`() throws {
        let policy = try policy()
        func decide(_ block: String?, by arn: String? = nil) throws -> RuleDecision? {
            let traffic = try block.map { try rule(from: $0).traffic }
            let changed = ChangedRule(id: "sgr-1", direction: nil, traffic: traffic, ruleDescription: nil)
            return policy.decide(changed, context(.ruleModified, by: arn), under: policy.watch[0])?.decision
        }
        #expect(try decide("0.0.0.0/0") == .revert)
        #expect(try decide("10.0.0.0/8") == nil)
        #expect(try decide("0.0.0.0/0", by: Self.role) == .exempt)
        #expect(try decide(nil) == nil)
        #expect(try decide(nil, by: Self.role) == .exempt)
    }

    @Test func `a modified rule counts in the directions in which additions are watched`() throws {
        let policy = try policy()
        let watch = Watch(origin: "w")
        let out = try policy.decide(rule(.egress, from: "0.0.0.0/0"), context(.ruleModified), under: watch)
        #expect(out.decision == .allow)
        #expect(out.reason == "w: its changes leave egress alone")
        #expect(try policy.decide(rule(from: "0.0.0.0/0"), context(.ruleModified), under: watch).decision == .revert)
        let both = Watch(changes: [.ruleModified], origin: "w")
        #expect(try policy.decide(rule(.egress, from: "::/0"), context(.ruleModified), under: both).decision == .revert)
        // The record does not tell the direction, but only one of them matters.
        let traffic = try rule(from: "0.0.0.0/0").traffic
        let changed = ChangedRule(id: "sgr-1", direction: nil, traffic: traffic, ruleDescription: nil)
        #expect(policy.decide(changed, context(.ruleModified), under: watch)?.decision == .revert)
    }

    @Test func `a rule known by id alone needs no content where nothing is allowed`() throws {
        let policy = try policy(allow: [])
        let changed = ChangedRule(id: "sgr-1", direction: .ingress, traffic: nil, ruleDescription: nil)
        #expect(policy.decide(changed, context(.ingressRemoved), under: policy.watch[0])?.decision == .revert)
    }

    @Test func `the trace tells of each entry why it did not cover`() throws {
        var policy = try policy()
        policy.allow[1] = Allow(direction: .egress, sources: [.itself], origin: "out")
        let steps = policy.trace(Fixture.rule(port: 23), context())
        #expect(
            steps.map(\.detail) == [
                "22 does not cover 23", "is for egress, the rule is ingress", "the caller has no issuer ARN",
            ]
        )
        #expect(steps.allSatisfy { !$0.applies })
        let covered = try policy.trace(rule(from: "10.0.0.0/9"), context())
        #expect(covered == [TraceStep(entry: #"policy.yaml:6 allow "ssh""#, applies: true, detail: "covers the rule")])
    }

    @Test func `the trace of a watch ends with the entry that decides`() {
        let policy = Policy(watch: [
            Watch(groups: ["sg-0fedcba9876543210"], origin: "first"), Watch(tags: ["a": "b"], origin: "second"),
            Watch(changes: [.egressAdded], origin: "third"), Watch(origin: "fourth"),
        ])
        #expect(
            policy.traceWatch(context()).map { "\($0.entry): \($0.detail)" } == [
                "first: another group", "second: not known: tags",
                "third: matches the group, but its changes lack ingress-added: left alone",
            ]
        )
    }
}
