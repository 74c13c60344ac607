import Foundation
import SecurityGroups
import Testing

@Suite struct WatchMemoryTests {
    private let now = Date(timeIntervalSince1970: 1_764_063_000)
    private let enforce = Watch(tags: ["sg-revert": Wildcard("enforce")], origin: "enforce")
    private let report = Watch(tags: ["sg-revert": Wildcard("report")], action: .report, origin: "report")
    private let named = Watch(names: [Wildcard("web-*")], origin: "named")

    private func group(_ tags: [String: String], name: String = "x") -> GroupFacts {
        GroupFacts(groupID: "sg-1", account: nil, region: nil, vpcID: "vpc-1", name: name, tags: tags)
    }

    private func answer(
        _ policy: Policy,
        _ group: GroupFacts,
        remembering: [WatchedFacts],
        at time: Date?
    ) -> WatchAnswer {
        let context = ChangeContext(group: group, kind: .ingressAdded, issuerARN: nil, eventTime: time)
        return policy.watch(context, remembering: remembering)
    }

    @Test func `a group that lost its tag stays watched for 24 hours, and an event without a time is in time`() {
        let policy = Policy(watch: [enforce])
        let ended = WatchedFacts(name: nil, tags: ["sg-revert": "enforce"], endedAt: now)
        let day: Double = 86_400
        for (time, isWatched) in [(now, true), (now + day - 1, true), (now + day, false), (nil, true)] {
            let answer = answer(policy, group([:]), remembering: [ended], at: time)
            #expect(answer == (isWatched ? .watched(enforce) : .notWatched))
        }
        #expect(answer(policy, group([:]), remembering: [], at: now) == .notWatched)
    }

    @Test func `the strictest of now and then decides`() {
        let policy = Policy(watch: [report, enforce])
        let wasEnforced = WatchedFacts(name: nil, tags: ["sg-revert": "enforce"], endedAt: now)
        let wasReported = WatchedFacts(name: nil, tags: ["sg-revert": "report"], endedAt: now)
        let reported = group(["sg-revert": "report"])
        #expect(answer(policy, reported, remembering: [wasEnforced], at: now) == .watched(enforce))
        let enforced = group(["sg-revert": "enforce"])
        #expect(answer(policy, enforced, remembering: [wasReported], at: now) == .watched(enforce))
        #expect(answer(policy, group([:]), remembering: [wasReported], at: now) == .watched(report))
        #expect(answer(policy, group([:]), remembering: [wasReported, wasEnforced], at: now) == .watched(enforce))
    }

    @Test func `a policy that no longer watches the tag is not held to the past`() {
        let ended = WatchedFacts(name: nil, tags: ["sg-revert": "enforce"], endedAt: now)
        #expect(answer(Policy(watch: [named]), group([:]), remembering: [ended], at: now) == .notWatched)
    }

    @Test func `a group is remembered by its name as well`() {
        let policy = Policy(watch: [named])
        let ended = WatchedFacts(name: "web-1", tags: [:], endedAt: now)
        #expect(answer(policy, group([:], name: "db"), remembering: [ended], at: now) == .watched(named))
    }

    @Test func `only what watch entries ask for is remembered, and only of groups watched by name or tags`() {
        let tagged = group(["sg-revert": "enforce", "team": "x"], name: "web-1")
        #expect(
            Policy(watch: [enforce]).watchedFacts(of: tagged)
                == WatchedFacts(name: nil, tags: ["sg-revert": "enforce"])
        )
        #expect(
            Policy(watch: [enforce, named]).watchedFacts(of: tagged)
                == WatchedFacts(name: "web-1", tags: ["sg-revert": "enforce"])
        )
        #expect(Policy(watch: [enforce]).watchedFacts(of: group([:])) == nil)
        let byID = Watch(groups: ["sg-1"], origin: "id")
        #expect(Policy(watch: [byID, enforce]).watchedFacts(of: tagged) == nil, "its tags do not matter")
        let off = Watch(tags: ["sg-revert": Wildcard("*")], changes: [], origin: "off")
        #expect(Policy(watch: [off]).watchedFacts(of: tagged) == nil, "the entry watches nothing")
    }

    @Test func `the tags and names that a policy asks for are known`() {
        #expect(Policy(watch: [enforce, report]).namedTagKeys == ["sg-revert"])
        #expect(Policy(watch: [named]).namedTagKeys.isEmpty && Policy(watch: [named]).watchesByNameOrTags)
        #expect(!Policy(watch: [Watch(vpcs: ["vpc-1"], origin: "vpc")]).watchesByNameOrTags)
    }
}
