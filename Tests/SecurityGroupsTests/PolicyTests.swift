import FoundationEssentials
import SecurityGroups
import TestSupport
import Testing

/// Which changes are judged, and under which entry.
@Suite struct PolicyTests {
    private static let group = "sg-0a1b2c3d4e5f60718"

    private func context(
        _ kind: ChangeKind = .ingressAdded,
        vpc: String? = nil,
        tags: [String: String]? = nil,
        group: String? = group,
        account: String? = "111122223333"
    ) -> ChangeContext {
        let facts = GroupFacts(groupID: group, account: account, region: "eu-west-1", vpcID: vpc, tags: tags)
        return ChangeContext(group: facts, kind: kind, issuerARN: nil, eventTime: nil)
    }

    @Test(arguments: ChangeKind.allCases)
    func `the simplest policy watches what is added to the ingress or modified`(kind: ChangeKind) throws {
        let policy = Policy.watching([try Fixture.group(), try Fixture.group(2)])
        let watched = policy.watch(context(kind, group: try Fixture.group(2).description))
        #expect((watched != .notWatched) == (kind == .ingressAdded || kind == .ruleModified))
        #expect(policy.watch(context(kind, group: try Fixture.group(3).description)) == .notWatched)
    }

    @Test func `the simplest policy reverts every rule, and the setting is the reason`() throws {
        let policy = Policy.watching([try Fixture.group()])
        let context = context(group: try Fixture.group().description)
        let watch = policy.watch[0]
        #expect(policy.watch(context) == .watched(watch))
        #expect(
            try policy.decide(Fixture.rule(), context, under: watch)
                == Decision(decision: .revert, reason: "--group \(Fixture.group())")
        )
    }

    @Test(arguments: [
        (Watch(origin: ""), true), (Watch(groups: [group], origin: ""), true),
        (Watch(groups: ["sg-0fedcba9876543210"], origin: ""), false), (Watch(groups: [], origin: ""), false),
        (Watch(vpcs: ["vpc-1"], origin: ""), true), (Watch(vpcs: ["vpc-2"], origin: ""), false),
        (Watch(tags: ["a": "1"], origin: ""), true), (Watch(tags: ["a": "1", "b": "2"], origin: ""), true),
        (Watch(tags: ["a": "2"], origin: ""), false), (Watch(tags: ["A": "1"], origin: ""), false),
        (Watch(tags: ["a": "1", "c": ""], origin: ""), false), (Watch(tags: [:], origin: ""), true),
        (Watch(tags: ["a": "*"], origin: ""), true), (Watch(tags: ["c": "*"], origin: ""), false),
        (Watch(tags: ["a": "?"], origin: ""), true), (Watch(tags: ["a": "2*"], origin: ""), false),
        (Watch(names: ["web-*"], origin: ""), true), (Watch(names: ["default", "web-??"], origin: ""), true),
        (Watch(names: ["default"], origin: ""), false), (Watch(names: [], origin: ""), false),
        (Watch(accounts: ["111122223333"], origin: ""), true), (Watch(accounts: ["444455556666"], origin: ""), false),
        (Watch(regions: ["eu-west-1", "eu-west-2"], origin: ""), true),
        (Watch(regions: ["eu-west"], origin: ""), false),
        (Watch(groups: [group], regions: ["us-east-1"], origin: ""), false),
        (Watch(groups: [group], vpcs: ["vpc-1"], tags: ["a": "1"], accounts: ["111122223333"], origin: ""), true),
    ])
    func `all selectors that are given must match`(watch: Watch, matches: Bool) {
        var context = context(vpc: "vpc-1", tags: ["a": "1", "b": "2"])
        context.group.name = "web-01"
        #expect(Policy(watch: [watch]).watch(context) == (matches ? .watched(watch) : .notWatched))
    }

    @Test func `the first entry of a group decides, also when it lacks the kind of change`() {
        let first = Watch(groups: [Self.group], changes: [.egressAdded], origin: "policy.yaml:3 watch")
        let second = Watch(changes: [.ingressAdded, .egressAdded], origin: "policy.yaml:5 watch")
        let policy = Policy(watch: [first, second])
        #expect(policy.watch(context(.egressAdded)) == .watched(first))
        #expect(policy.watch(context(.ingressAdded)) == .notWatched)
    }

    @Test func `Regions and accounts that entries name are known`() {
        let policy = Policy(watch: [
            Watch(accounts: ["111122223333"], regions: ["eu-west-1"], origin: ""),
            Watch(regions: ["us-east-1"], origin: ""), Watch(origin: ""),
        ])
        #expect(policy.namedRegions == ["eu-west-1", "us-east-1"])
        #expect(policy.namedAccounts == ["111122223333"])
    }

    @Test func `an empty policy watches nothing`() {
        #expect(Policy(watch: []).watch(context()) == .notWatched)
    }

    @Test func `what is not known and matters leaves the answer open`() {
        let policy = Policy(watch: [Watch(vpcs: ["vpc-1"], tags: ["a": "1"], origin: "")])
        #expect(policy.watch(context()) == .undetermined(needs: [.vpc, .tags]))
        #expect(policy.watch(context(tags: ["a": "1"])) == .undetermined(needs: [.vpc]))
        #expect(policy.watch(context(tags: ["a": "2"])) == .notWatched)
        #expect(policy.watch(context(vpc: "vpc-2")) == .notWatched)
        #expect(Policy(watch: [Watch(names: ["x"], origin: "")]).watch(context()) == .undetermined(needs: [.name]))
        let accounts = Policy(watch: [Watch(accounts: ["111122223333"], origin: "")])
        #expect(accounts.watch(context(account: nil)) == .undetermined(needs: [.account]))
        #expect(Policy.watching([]).watch(context(group: nil)) == .notWatched)
    }

    @Test func `what is not known does not matter where no answer hangs on it`() {
        let tagged = Watch(tags: ["a": "1"], changes: [.egressAdded], origin: "tagged")
        let silent = Watch(groups: [Self.group], changes: [], origin: "silent")
        let all = Watch(origin: "all")
        #expect(Policy(watch: [silent, tagged]).watch(context()) == .notWatched)
        #expect(Policy(watch: [tagged, silent]).watch(context(.ingressAdded)) == .notWatched)
        #expect(Policy(watch: [tagged, silent]).watch(context(.egressAdded)) == .undetermined(needs: [.tags]))
        #expect(Policy(watch: [tagged, all]).watch(context(.ingressAdded)) == .undetermined(needs: [.tags]))
        #expect(Policy(watch: [all, tagged]).watch(context(.ingressAdded)) == .watched(all))
    }

    @Test(arguments: [
        (Watch(origin: ""), Watch(groups: ["a"], origin: ""), true),
        (Watch(groups: ["a", "b"], origin: ""), Watch(groups: ["a"], origin: ""), true),
        (Watch(groups: ["a"], origin: ""), Watch(groups: ["a", "b"], origin: ""), false),
        (Watch(groups: ["a"], origin: ""), Watch(origin: ""), false),
        (Watch(tags: ["a": "1"], origin: ""), Watch(tags: ["a": "1", "b": "2"], origin: ""), true),
        (Watch(tags: ["a": "1", "b": "2"], origin: ""), Watch(tags: ["a": "1"], origin: ""), false),
        (Watch(regions: ["r"], origin: ""), Watch(groups: ["a"], regions: ["r"], changes: [], origin: ""), true),
        (Watch(accounts: ["1"], regions: ["r"], origin: ""), Watch(regions: ["r"], origin: ""), false),
        (Watch(tags: ["a": "*"], origin: ""), Watch(tags: ["a": "1*"], origin: ""), true),
        (Watch(tags: ["a": "1*"], origin: ""), Watch(tags: ["a": "12"], origin: ""), true),
        (Watch(tags: ["a": "1*"], origin: ""), Watch(tags: ["a": "*"], origin: ""), false),
        (Watch(names: ["web-*"], origin: ""), Watch(names: ["web-1"], origin: ""), true),
        (Watch(names: ["web-1"], origin: ""), Watch(origin: ""), false),
    ])
    func `an entry covers another whose groups it all matches`(first: Watch, second: Watch, covers: Bool) {
        #expect(first.covers(second) == covers)
    }
}
