import FoundationEssentials
import TestSupport
import Testing

@testable import SecurityGroups

/// A snapshot tells what the ledger does not know yet.
@Suite struct SnapshotDiffTests {
    private static func policy(
        baseline: Watch.Baseline = .firstSight,
        changes: Set<ChangeKind> = ChangeKind.watchedByDefault,
        allowing ports: Int? = nil
    ) throws -> Policy {
        let allow = try ports.map { port in
            try Allow(
                name: "web",
                ports: [PortRange(from: port, to: port)],
                sources: [.cidr(#require(CIDRBlock("0.0.0.0/0")))],
                origin: "allow"
            )
        }
        return Policy(
            watch: [Watch(changes: changes, baseline: baseline, origin: "watch")],
            allow: allow.map { [$0] } ?? []
        )
    }

    private static func diff(
        _ live: [LiveRule],
        known: [KnownRule] = [],
        isFirstSight: Bool = false,
        lists: PrefixLists = .unknown,
        _ policy: Policy
    ) throws -> SnapshotDiff {
        let id = try Fixture.group()
        let facts = GroupFacts(
            groupID: id.description,
            account: "111122223333",
            region: "eu-west-1",
            vpcID: "",
            name: "",
            tags: [:]
        )
        let group = try #require(WatchedGroup(id, facts, by: policy))
        return SnapshotDiff(
            of: GroupLook(group: group, rules: live),
            known: known,
            isFirstSight: isFirstSight,
            policy: policy,
            lists: lists
        )
    }

    @Test func `a rule of the baseline whose prefix list came to hold what is forbidden has no approval any more`()
        throws
    {
        let watch = Watch(changes: [.ingressAdded], origin: "watch")
        var policy = Policy(
            watch: [watch],
            allow: [Allow(sources: [try .cidr(#require(CIDRBlock("10.0.0.0/8")))], origin: "private")]
        )
        policy.expandPrefixLists = true
        let rule = try Fixture.live(1, Fixture.rule(from: .prefixList("pl-1")))
        let (narrow, wide) = (try #require(CIDRBlock("10.1.0.0/16")), CIDRBlock.allIPv4)
        let first = try Self.diff([rule], isFirstSight: true, lists: PrefixLists(["pl-1": [narrow]]), policy)
        let approval = try #require(first.appeared.first?.approvedBy)
        #expect(approval.hasPrefix("allow"))
        for approvedBy in [approval, nil] {
            let known = Self.known(rule, .baseline, approvedBy)
            let diff = try Self.diff([rule], known: [known], lists: PrefixLists(["pl-1": [wide]]), policy)
            #expect(diff.updated.map(\.approvedBy) == (approvedBy == nil ? [] : [nil]))
        }
        let trusted = Self.known(rule, .baseline, "baseline")
        #expect(try Self.diff([rule], known: [trusted], lists: PrefixLists(["pl-1": [wide]]), policy).isEmpty)
    }

    private static func known(
        _ live: LiveRule,
        _ knownBy: KnownBy = .event,
        _ approvedBy: String? = nil,
        isGone: Bool = false,
        isFresh: Bool = false
    ) -> KnownRule {
        KnownRule(
            id: live.id,
            content: live.content,
            knownBy: knownBy,
            approvedBy: approvedBy,
            isGone: isGone,
            isFresh: isFresh
        )
    }

    @Test(arguments: [(true, 9.0, true), (false, 9, true), (false, 3, false)])
    func `a rule that says again what was replaced by something approved has no approval any more`(
        isStanding: Bool,
        goneAt: Double,
        isUndoing: Bool
    ) throws {
        let wide = try Fixture.live()
        let narrow = try Fixture.live(1, Fixture.rule(port: 23))
        let maker = Caller(issuerARN: "terraform")
        let exempt = Exemption(name: "terraform", principals: ["terraform"], origin: "exempt")
        var policy = try Self.policy()
        policy.exempt = [exempt]
        let known = [
            KnownRule(
                id: wide.id,
                content: wide.content,
                knownBy: .event,
                approvedBy: "exempt terraform",
                maker: maker,
                isGone: true,
                goneAt: Date(timeIntervalSince1970: 5)
            ),
            KnownRule(
                id: narrow.id,
                content: narrow.content,
                knownBy: .event,
                approvedBy: "exempt terraform",
                maker: maker,
                isGone: !isStanding,
                goneAt: isStanding ? nil : Date(timeIntervalSince1970: goneAt)
            ),
        ]
        let diff = try Self.diff([wide], known: known, policy)
        #expect(diff.appeared.map(\.isUndoing) == [isUndoing])
        #expect(diff.appeared.map(\.approvedBy) == [isUndoing ? nil : "exempt terraform"])
    }

    @Test func `what stands when a group is first seen is its baseline, unless the entry trusts the policy alone`()
        throws
    {
        let rule = try Fixture.live()
        let trusting = try Self.diff([rule], isFirstSight: true, Self.policy())
        #expect(trusting.appeared == [.init(rule: rule, knownBy: .baseline, approvedBy: "baseline")])
        let strict = try Self.diff([rule], isFirstSight: true, Self.policy(baseline: .policy))
        #expect(strict.appeared == [.init(rule: rule, knownBy: .baseline, approvedBy: nil)])
        let allowed = try Self.diff([rule], isFirstSight: true, Self.policy(baseline: .policy, allowing: 22))
        #expect(allowed.appeared.map(\.approvedBy) == ["allow web"])
    }

    @Test
    func `what comes later without an event is unexplained, unless the policy allows it or leaves its direction alone`()
        throws
    {
        let rule = try Fixture.live()
        #expect(
            try Self.diff([rule], Self.policy()).appeared == [.init(rule: rule, knownBy: .sweep, approvedBy: nil)]
        )
        #expect(try Self.diff([rule], Self.policy(allowing: 22)).appeared.map(\.approvedBy) == ["allow web"])
        let egress = try Fixture.live(2, Fixture.rule(.egress))
        #expect(try Self.diff([egress], Self.policy()).appeared.map(\.approvedBy) == ["allow"])
    }

    @Test func `a look that shows nothing new writes nothing`() throws {
        let rule = try Fixture.live()
        let known = [Self.known(rule, .baseline, "baseline")]
        #expect(try Self.diff([rule], known: known, Self.policy()).isEmpty)
        #expect(try Self.diff([rule], known: [Self.known(rule, .event, "exempt terraform")], Self.policy()).isEmpty)
        #expect(try Self.diff([rule], known: [Self.known(rule, .approved, "approved mia")], Self.policy()).isEmpty)
    }

    @Test(arguments: [
        (KnownBy.event, "allow web", Watch.Baseline.firstSight, nil as String?),
        (.baseline, "allow web", .firstSight, "baseline"), (.baseline, "allow web", .policy, nil),
        (.baseline, "baseline", .policy, nil),
    ]
    )
    func `an approval by the policy holds as long as the policy says so; the baseline is behind it`(
        _ knownBy: KnownBy,
        _ before: String,
        _ baseline: Watch.Baseline,
        _ after: String?
    ) throws {
        let rule = try Fixture.live()
        let diff = try Self.diff([rule], known: [Self.known(rule, knownBy, before)], Self.policy(baseline: baseline))
        #expect(diff.updated == [.init(rule: rule, approvedBy: after)])
    }

    @Test func `a rule that EC2 does not show any more is gone, unless an event's run has just touched it`() throws {
        let rule = try Fixture.live()
        #expect(try Self.diff([], known: [Self.known(rule)], Self.policy()).vanished == [rule.id])
        #expect(try Self.diff([], known: [Self.known(rule, isFresh: true)], Self.policy()).isEmpty)
        #expect(try Self.diff([], known: [Self.known(rule, isGone: true)], Self.policy()).isEmpty)
    }

    @Test func `a rule that was just taken away is not taken for one that came back`() throws {
        let rule = try Fixture.live()
        let known = [Self.known(rule, isGone: true, isFresh: true)]
        #expect(try Self.diff([rule], known: known, Self.policy()).isEmpty)
        #expect(try Self.diff([rule], known: [Self.known(rule, isGone: true)], Self.policy()).appeared.count == 1)
    }

    @Test
    func
        `an edit that no event told of appears beside what was approved, and is none of ours where edits are not watched`()
        throws
    {
        let before = try Fixture.live(1, Fixture.rule(port: 443))
        let after = try Fixture.live(1, Fixture.rule(port: 22))
        let known = [Self.known(before, .baseline, "baseline")]
        #expect(
            try Self.diff([after], known: known, Self.policy()).appeared
                == [.init(rule: after, knownBy: .sweep, approvedBy: nil)]
        )
        let additions = try Self.policy(changes: [.ingressAdded])
        #expect(try Self.diff([after], known: known, additions).appeared.map(\.approvedBy) == ["allow"])
    }

    @Test func `another description alone is kept, and changes no approval`() throws {
        let before = try Fixture.live(description: "old")
        let after = try Fixture.live(description: "new")
        let diff = try Self.diff([after], known: [Self.known(before, .baseline, "baseline")], Self.policy())
        #expect(diff.updated == [.init(rule: after, approvedBy: "baseline")])
    }

    @Test func `a group is watched where the policy judges any kind of change of it`() throws {
        let id = try Fixture.group()
        var facts = GroupFacts(groupID: id.description, account: nil, region: nil, vpcID: "", name: "", tags: [:])
        let policy = Policy(watch: [Watch(names: [Wildcard("web-*")], changes: [.egressRemoved], origin: "watch")])
        #expect(WatchedGroup(id, facts, by: policy) == nil)
        facts.name = "web-1"
        #expect(WatchedGroup(id, facts, by: policy) != nil)
    }
}
