import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// The keeper knows what stood, and closes what no event brought.
@Suite struct StateKeeperTests {
    @Test func `what stands at the first look is the baseline, and stays`() async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        await it.later()
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
        #expect(try it.events().isEmpty)
        #expect(it.it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a rule that no event told of is reverted once, after two settle times, with an event of its own`()
        async throws
    {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        it.it.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.count } == 1)
        #expect(try it.standing() == [[Name.rule(1), "sweep", "-"]])
        it.it.time.advance(.seconds(31))
        await it.keeper.round(isWanted: false)
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty && $0.revokes == [[Name.rule(1)]] })
        #expect(try it.events() == [["Sweep", "reverted"]])
        #expect(try it.standing().isEmpty)
        let notices = try await it.it.writer.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.map(\.kind) == ["reverted"])
        #expect(notices.first?.payload.contains("no event, policy, baseline or exemption explains it") == true)
        #expect(try LedgerReader(path: it.it.test.path).verify().findings.isEmpty)
    }

    @Test(arguments: [true, false])
    func `an entry that reports, and a dry run, change nothing and say so once`(isDryRun: Bool) async throws {
        let watch = Watch(groups: [Name.group], action: isDryRun ? .revert : .report, origin: "watch")
        let it = try Keeper(Pipeline(policy: Policy(watch: [watch]), isDryRun: isDryRun))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        await it.later()
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
        #expect(try it.events() == [["Sweep", "reported"]])
    }

    @Test func `with baseline: policy the first look trusts only what the policy allows`() async throws {
        let watch = Watch(groups: [Name.group], baseline: .policy, origin: "watch")
        let it = try Keeper(Pipeline(standing: [1, 2], policy: Policy(watch: [watch], allow: [.port(21)])))
        await it.keeper.round(isWanted: true)
        await it.later()
        #expect(it.it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
        #expect(try it.events() == [["Sweep", "reverted"]])
    }

    @Test func `a rule that a person approved stays, and goes once that is taken back`() async throws {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        it.it.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        _ = try await it.it.writer.write { try $0.approve(.rule(Name.rule(1)), by: "mia", reason: nil) }
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
        _ = try await it.it.writer.write { try $0.forget(.rule(Name.rule(1)), by: "mia") }
        await it.later()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `what the policy does not allow any more is reverted, unless it is of the baseline`() async throws {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, allow: [.port(21), .port(22)])))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([2])
        await it.later()
        #expect(try it.standing().map { $0[2] } == ["allow allow", "allow allow"])
        it.it.policies.replace(with: .watching(.ingressAdded))
        await it.later()
        #expect(it.it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
    }

    @Test func `what an exempt caller made stays when the policy does not allow it to everybody any more`() async throws
    {
        let mia = Exemption(principals: [Wildcard("arn:aws:iam::111122223333:user/mia")], origin: "policy.yaml:9")
        let it = try Keeper(Pipeline(policy: .watching(.ingressAdded, allow: [.port(21)], exempt: [mia])))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        #expect(try await it.it.process(it.it.message(RecordText(time: it.it.time.now).json)) == .delete)
        #expect(try it.standing() == [[Name.rule(1), "event", "allow allow"]])
        it.it.policies.replace(with: .watching(.ingressAdded, exempt: [mia]))
        await it.later()
        #expect(try it.standing() == [[Name.rule(1), "event", "exempt policy.yaml:9"]])
        #expect(it.it.aws.with { $0.rules.count } == 1)
    }

    @Test func `an event of our own that failed comes to an end, too, where somebody else took the rule away`()
        async throws
    {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        it.it.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)]
        }
        await it.later()
        #expect(try it.events() == [["Sweep", "failed"]])
        it.it.aws.with { $0.rules = [:] }
        await it.later()
        #expect(try it.events() == [["Sweep", "unchanged"]])
    }

    @Test func `an edit that no event told of is restored to what was approved`() async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        let edited = try liveRule(1, port: 99)
        it.it.aws.with { $0.rules[Name.rule(1)] = edited }
        await it.later()
        #expect(it.it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
        #expect(try it.events() == [["Sweep", "reverted"]])
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
    }

    @Test func `several workers take one snapshot and make one event`() async throws {
        let first = try Pipeline()
        let one = try Keeper(first)
        let two = try Keeper(Pipeline(time: first.time, aws: first.aws, test: first.test), holder: "two")
        await one.keeper.round(isWanted: true)
        await two.keeper.round(isWanted: true)
        #expect(first.aws.count(of: "DescribeSecurityGroupRules") == 1)
        try first.aws.stand([1])
        await one.later()
        await two.later()
        #expect(first.aws.with { $0.revokes.count } == 1)
        #expect(try one.events() == [["Sweep", "reverted"]])
    }

    @Test func `a group that EC2 does not answer for leaves what is known, and the next round asks again`() async throws
    {
        let it = try Keeper(Pipeline(standing: [1]))
        it.it.aws.with { $0.refusals["DescribeSecurityGroups"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        await it.keeper.round(isWanted: true)
        #expect(try it.standing().isEmpty)
        it.it.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        #expect(try it.standing().count == 1)
    }

    @Test func `a place that could not be read is asked again after a minute, and then after pauses that double`()
        async throws
    {
        let it = try Keeper(Pipeline(standing: [1]))
        it.it.aws.with {
            $0.refusals["DescribeSecurityGroups"] = Array(
                repeating: .ec2Error("UnauthorizedOperation", status: 403),
                count: 4
            )
        }
        var asked: [Int] = []
        for seconds in stride(from: 0, to: 900, by: 20) {
            let before = it.it.aws.count(of: "DescribeSecurityGroups")
            await it.keeper.round(isWanted: seconds == 0)
            if it.it.aws.count(of: "DescribeSecurityGroups") > before { asked.append(seconds) }
            it.it.time.advance(.seconds(20))
        }
        #expect(asked.count == 5)
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 >= 60 })
        #expect((asked.last ?? 0) > 300)
        #expect(try it.standing().count == 1)
    }

    @Test func `a group that only a look saw watched stays so for a day after its tags are taken away`() async throws {
        let policy = Policy.watching(.ingressAdded, tags: ["guard": Wildcard("on")])
        let it = try Keeper(Pipeline(policy: policy))
        it.it.aws.with { $0.groups[Name.group] = ["guard": "on"] }
        await it.keeper.round(isWanted: true)
        it.it.aws.with { $0.groups[Name.group] = [:] }
        it.it.time.advance(.seconds(120))
        try it.it.aws.stand([1])
        let record = RecordText(time: it.it.time.now)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome") == "reverted")
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a rule of an exempt caller that a person forgot is swept`() async throws {
        let exempt = Exemption(principals: [Wildcard("*")], origin: "exempt")
        let it = try Keeper(Pipeline(policy: .watching(.ingressAdded, exempt: [exempt])))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        #expect(try await it.it.process(it.it.message(it.it.record.json)) == .delete)
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
        _ = try await it.it.writer.write { try $0.forget(.rule(Name.rule(1)), by: "mia") }
        await it.later()
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test(arguments: [("UnauthorizedOperation", 403), ("InternalError", 500), ("RequestLimitExceeded", 503)])
    func `a prefix list that EC2 does not show keeps no other rule from being swept`(
        code: String,
        status: Int
    ) async throws {
        var policy = Policy.watching(.ingressAdded)
        policy.expandPrefixLists = true
        let it = try Keeper(Pipeline(policy: policy))
        let traffic = RuleTraffic(ipProtocol: .tcp, fromPort: 21, toPort: 21, peer: .prefixList("pl-0a1b2c3d"))
        let listed = try Fixture.live(5, SecurityGroupRule(direction: .ingress, traffic: traffic))
        it.it.aws.with { world in
            world.rules[Name.rule(5)] = listed
            world.refusals["GetManagedPrefixListEntries"] = Array(
                repeating: .ec2Error(code, status: status),
                count: 200
            )
        }
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1])
        await it.later()
        #expect(it.it.aws.with { Array($0.rules.keys) } == [Name.rule(5)])
        #expect(try it.standing() == [[Name.rule(5), "baseline", "baseline"]])
    }

    @Test(.timeLimit(.minutes(10)))
    func `a group whose rules cannot be closed holds up no other group`() async throws {
        let other = "sg-ffffffffffffffff0"
        let watch = Watch(groups: [Name.group, other], baseline: .policy, origin: "watch")
        let it = try Keeper(Pipeline(standing: Array(1...40), policy: Policy(watch: [watch])))
        let free = LiveRule(
            id: try #require(SecurityGroupRuleID("sgr-ffffffffffffffff0")),
            groupID: try #require(SecurityGroupID(other)),
            rule: Fixture.rule(port: 22),
            ruleDescription: nil
        )
        it.it.aws.with { world in
            world.groups[other] = [:]
            world.rules["\(free.id)"] = free
        }
        let (judged, judge) = AsyncStream.makeStream(of: String.self)
        var keeper = it.keeper
        keeper.judge = { run in
            judge.yield(run.change.groupID ?? "")
            if run.change.groupID == Name.group { try await Task.sleep(for: .seconds(3600)) }
            return .reverted
        }
        await keeper.round(isWanted: true)
        it.it.time.advance(.seconds(31))
        let sweep = Task { try await keeper.sweep() }
        var groups: Set<String> = []
        for await group in judged where groups.insert(group).inserted && groups.count == 2 { break }
        sweep.cancel()
        #expect(groups == [Name.group, other])
    }

    @Test func `with the interval 0 nothing is read and nothing is swept`() async throws {
        let it = try Keeper(Pipeline(standing: [1]), interval: .zero)
        await it.keeper.round(isWanted: true)
        await it.later()
        #expect(it.it.aws.with { $0.calls.isEmpty })
    }

    @Test func `a change of a prefix list is looked at soon and after the settle time, where entries are judged`()
        async throws
    {
        for isExpanding in [true, false] {
            var policy = try Policy.watching([#require(SecurityGroupID(Name.group))])
            policy.expandPrefixLists = isExpanding
            let it = try Keeper(Pipeline(policy: policy))
            await it.keeper.round(isWanted: true)
            it.it.time.advance(.seconds(60))
            var record = RecordText(eventID: "list", eventName: "ModifyManagedPrefixList", time: it.it.time.now)
            record.members["requestParameters"] = #"{"ModifyManagedPrefixListRequest":{"PrefixListId":"pl-1"}}"#
            record.members["responseElements"] = "{}"
            #expect(try await it.it.process(it.it.message(record.json)) == .delete)
            var looks: [Int] = []
            for _ in 0..<4 {
                await it.keeper.round(isWanted: false)
                looks.append(it.it.aws.count(of: "DescribeSecurityGroupRules"))
                it.it.time.advance(.seconds(20))
            }
            // The second look is at once. The third is the first one after EC2 has settled.
            #expect(looks == (isExpanding ? [2, 3, 3, 3] : [1, 1, 1, 1]))
        }
    }
}

/// A record and a snapshot may come in any order.
@Suite struct SnapshotRaceTests {
    @Test func `the first look does not make a rule of the baseline that a record brings later`() async throws {
        let it = try Keeper(Pipeline(standing: [1]))
        await it.keeper.round(isWanted: true)
        #expect(try it.standing().map { $0[2] } == ["baseline"])
        #expect(try await it.it.process(it.it.message(it.it.record.json)) == .delete)
        #expect(it.it.aws.with { $0.rules.isEmpty })
        #expect(try it.it.test.event("outcome") == "reverted")
    }

    @Test func `a host whose clock is slow does not take for the baseline what a record says was added`() async throws {
        let it = try Keeper(Pipeline(standing: [1, 2]))
        await it.keeper.round(isWanted: true)
        // By AWS's clock the call was 20 seconds after the look.
        let record = RecordText(time: it.it.time.now + 20)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(it.it.aws.with { Array($0.rules.keys) } == [Name.rule(2)])
    }

    @Test func `an edit of the description alone leaves a rule older than the guard as it is, and is unchanged`()
        async throws
    {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ruleModified)))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(60))
        let edited = try liveRule(1, port: 21, description: "new words")
        it.it.aws.with { $0.rules[Name.rule(1)] = edited }
        let record = RecordText.modify(1, port: 21, time: it.it.time.now)
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome", "modify") == "unchanged")
        #expect(it.it.aws.with { $0.rules.count == 1 && $0.amendments.isEmpty })
    }

    @Test(arguments: [true, false]
    )
    func `a forbidden edit of a rule older than the guard is restored, whether the look or the record comes first`(
        isLookFirst: Bool
    ) async throws {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ruleModified)))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(901))
        let edited = try liveRule(1, port: 99)
        it.it.aws.with { $0.rules[Name.rule(1)] = edited }
        let record = RecordText.modify(1, port: 99, time: it.it.time.now)
        if isLookFirst { await it.keeper.round(isWanted: false) }
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome", "modify") == "reverted")
        #expect(it.it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
        await it.later()
        #expect(try it.standing() == [[Name.rule(1), "baseline", "baseline"]])
    }

    /// - Parameter delay: By how many seconds the host's clock is slow.
    @Test(arguments: [0.0, 20])
    func `a forbidden edit that the first look took for the baseline is no before-image of itself`(
        delay: TimeInterval
    ) async throws {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ruleModified)))
        let record = RecordText.modify(1, port: 21, time: it.it.time.now + delay)
        it.it.time.advance(.seconds(5))
        await it.keeper.round(isWanted: true)
        let received = (it.it.time.now.timeIntervalSince1970 + delay) * 1000
        let attributes = ["ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "\(Int64(received))"]
        it.it.pipeline.revert.time.note([
            SQSMessage(messageID: "m0", receiptHandle: "r", body: "", systemAttributes: attributes)
        ])
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome", "modify") == "reverted")
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }

    @Test func `a late record of an edit that the sweep has restored leaves what was restored`() async throws {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ruleModified)))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(10))
        let record = RecordText.modify(1, port: 99, time: it.it.time.now)
        let edited = try liveRule(1, port: 99)
        it.it.aws.with { $0.rules[Name.rule(1)] = edited }
        await it.later()
        #expect(try it.events() == [["Sweep", "reverted"]])
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome", "modify") == "unchanged")
        #expect(it.it.aws.with { $0.rules[Name.rule(1)]?.rule } == Fixture.rule(port: 21))
    }

    @Test(arguments: [true, false]
    )
    func
        `a removed rule of the baseline is put back where removals are watched, whether the look or the record comes first`(
            isLookFirst: Bool
        ) async throws
    {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressRemoved)))
        await it.keeper.round(isWanted: true)
        it.it.time.advance(.seconds(901))
        it.it.aws.with { $0.rules = [:] }
        let record = RecordText.remove(1, time: it.it.time.now)
        if isLookFirst { await it.keeper.round(isWanted: false) }
        #expect(try await it.it.process(it.it.message(record.json)) == .delete)
        #expect(try it.it.test.event("outcome", "remove") == "reverted")
        #expect(it.it.aws.with { $0.rules.values.map(\.rule) } == [Fixture.rule(port: 21)])
        await it.later()
        await it.later()
        #expect(it.it.aws.with { $0.rules.count == 1 && $0.revokes.isEmpty })
    }

    @Test func `a rule that was reverted is not put back as part of a baseline`() async throws {
        let it = try Keeper(Pipeline(standing: [1], policy: .watching(.ingressAdded, .ingressRemoved)))
        await it.keeper.round(isWanted: true)
        _ = try await it.it.process(it.it.message(it.it.record.json))
        #expect(it.it.aws.with { $0.rules.isEmpty })
        let record = RecordText.remove(1, time: it.it.time.now)
        #expect(try await it.it.process(it.it.message(record.json, id: "m2")) == .delete)
        #expect(it.it.aws.with { $0.rules.isEmpty })
    }
}
