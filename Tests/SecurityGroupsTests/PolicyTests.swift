import SecurityGroups
import Testing

@Suite struct PolicyTests {
    @Test(arguments: ChangeKind.allCases)
    func `the simplest policy watches what is added to the ingress`(kind: ChangeKind) throws {
        let policy = Policy.watching([try Fixture.group("a"), try Fixture.group("b")])
        #expect(try (policy.entry(watching: Fixture.group("b"), for: kind) != nil) == (kind == .ingressAdded))
        #expect(try policy.entry(watching: Fixture.group("c"), for: kind) == nil)
    }

    @Test func `every rule is reverted, and the setting is the reason`() throws {
        let group = try Fixture.group()
        let policy = Policy.watching([group])
        let entry = try #require(policy.entry(watching: group, for: .ingressAdded))
        #expect(
            try policy.decide(Fixture.rule(), under: entry) == Decision(decision: .revert, reason: "--group \(group)")
        )
    }

    @Test func `the first entry of a group decides, also when it lacks the kind of change`() throws {
        let group = try Fixture.group()
        let first = Watch(group: group, changes: [.egressAdded], origin: "policy.yaml:3")
        let second = Watch(group: group, changes: [.ingressAdded, .egressAdded], origin: "policy.yaml:5")
        let policy = Policy(watch: [first, second])
        #expect(policy.entry(watching: group, for: .egressAdded) == first)
        #expect(policy.entry(watching: group, for: .ingressAdded) == nil)
    }

    @Test func `an empty policy watches nothing`() throws {
        #expect(try Policy(watch: []).entry(watching: Fixture.group(), for: .ingressAdded) == nil)
    }
}
