import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Hosts that share a table look at what stands as one.
@Suite struct SharedStateTests {
    /// Two hosts with a keeper each, which have seen the watched group.
    private struct Watchers {
        let fleet: Fleet
        let one: Keeper
        let two: Keeper

        init(_ fleet: Fleet) async throws {
            self.fleet = fleet
            one = try Keeper(fleet.one, holder: "one")
            two = try Keeper(fleet.two, holder: "two")
            await one.keeper.round(isWanted: true)
            await two.keeper.round(isWanted: true)
        }

        /// A rule that no event tells of, seen by both hosts for two settle times.
        func surprise() async throws {
            try fleet.aws.stand([1])
            fleet.time.advance(.seconds(901))
            await one.keeper.round(isWanted: false)
            await two.keeper.round(isWanted: false)
            fleet.time.advance(.seconds(31))
        }

        var ruleStands: Bool { fleet.aws.with { $0.rules[Name.rule(1)] != nil } }
    }

    private func watching(_ action: Watch.Action = .revert, exempt: [Exemption] = []) -> Policy {
        Policy(watch: [Watch(groups: [Name.group], action: action, origin: "watch")], exempt: exempt)
    }

    /// An exemption of the caller that the records name, which ends so many seconds after the start of the test.
    private static func mia(for seconds: TimeInterval? = nil, then: Exemption.End = .leave) -> Exemption {
        Exemption(
            name: "mia",
            principals: [Wildcard("arn:aws:iam::111122223333:user/mia")],
            until: seconds.map { Date(timeIntervalSince1970: 1_764_063_000 + $0) },
            then: then,
            origin: "exempt mia"
        )
    }

    @Test func `one host at a time reads the rules, each into its own ledger`() async throws {
        let it = try Fleet(standing: [1])
        let shared = it.one.claims.shared
        #expect(try await shared.lease("snapshot", holder: "three", for: .seconds(60)) == true)
        let two = try Keeper(it.two, holder: "two")
        await two.keeper.round(isWanted: true)
        #expect(it.aws.count(of: "DescribeSecurityGroupRules") == 0)
        #expect(try await shared.lease("snapshot", holder: "three", for: .zero) == true)
        await two.keeper.round(isWanted: true)
        let one = try Keeper(it.one, holder: "one")
        await one.keeper.round(isWanted: true)
        #expect(try one.standing() == two.standing())
        #expect(try one.standing().count == 1)
    }

    @Test func `a lease of a host that died ends, and so does one of a clock that is wrong`() async throws {
        let it = try Fleet()
        let shared = it.one.claims.shared
        #expect(try await shared.lease("snapshot", holder: "one", for: .seconds(60)) == true)
        #expect(try await shared.lease("snapshot", holder: "two", for: .seconds(60)) == false)
        it.time.advance(.seconds(61))
        #expect(try await shared.lease("snapshot", holder: "two", for: .seconds(60)) == true)
        it.time.setBack(by: .seconds(3600))
        #expect(try await shared.lease("snapshot", holder: "one", for: .seconds(60)) == true)
    }

    @Test func `without the table the ledger's lease holds, and the rules are read`() async throws {
        let it = try Fleet(standing: [1])
        it.aws.with { $0.tables = [:] }
        let one = try Keeper(it.one, holder: "one")
        await one.keeper.round(isWanted: true)
        #expect(try one.standing().count == 1)
        let leases = one.keeper.leases
        #expect(try await leases.lease("other", holder: "one", for: .seconds(60)))
        #expect(try await leases.lease("other", holder: "three", for: .seconds(60)) == false)
    }

    @Test func `a rule that no event told of is reverted and told by one host`() async throws {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        await it.one.keeper.round(isWanted: false)
        await it.two.keeper.round(isWanted: false)
        #expect(it.fleet.aws.with { $0.revokes } == [[Name.rule(1)]])
        #expect(try it.one.events() == [["Sweep", "reverted"]])
        #expect(try it.two.events() == [["Sweep", "unchanged"]])
        #expect(try await it.fleet.told(it.fleet.one).count == 1)
        #expect(try await it.fleet.told(it.fleet.two) == [])
        let calls = it.fleet.tableCalls
        await it.two.keeper.round(isWanted: false)
        // A round looks at the temporary exemptions, and at nothing else.
        #expect(it.fleet.tableCalls == calls + 1)
        #expect(try LedgerReader(path: it.fleet.two.test.path).verify().findings.isEmpty)
    }

    @Test func `two hosts that find it at once revert and tell it once`() async throws {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        async let first: Void = it.one.keeper.round(isWanted: false)
        async let second: Void = it.two.keeper.round(isWanted: false)
        _ = await (first, second)
        #expect(it.fleet.aws.with { $0.revokes.count } == 1)
        let told = try await it.fleet.told(it.fleet.one) + it.fleet.told(it.fleet.two)
        #expect(told.count == 1)
    }

    @Test func `what a killed host had begun another ends after the lease`() async throws {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        let now = it.fleet.time.now
        let due = try await it.fleet.one.writer.write { try $0.unexplained(since: now, isDryRun: false) }
        let run = OwnRun(sweeping: try #require(due.found.first))
        let facts = EventFacts(eventID: run.event.eventID, digest: run.event.digest, eventName: run.event.eventName)
        guard case .run = try await it.fleet.one.claims.shared.claim(facts, it.fleet.delivery, intent: []) else {
            Issue.record("nobody has the event")
            return
        }
        await it.two.keeper.round(isWanted: false)
        #expect(it.ruleStands)
        it.fleet.time.advance(WorkerOptions.lease + .seconds(1))
        await it.two.keeper.round(isWanted: false)
        #expect(!it.ruleStands)
    }

    @Test func `a rule that one host left to an exempt caller stays on the other, and closes with the exemption, once`()
        async throws
    {
        let it = try await Watchers(Fleet(policy: watching(exempt: [Self.mia(for: 7200, then: .revert)])))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await it.fleet.one.process(it.fleet.one.message(record.json)) == .delete)
        #expect(try it.fleet.one.test.event("outcome") == "allowed")
        await it.two.later()
        #expect(it.ruleStands)
        #expect(try it.two.standing() == [[Name.rule(1), "event", "exempt mia"]])
        #expect(try it.two.events() == [])

        it.fleet.time.advance(.seconds(7200))
        await it.two.keeper.round(isWanted: false)
        await it.one.keeper.round(isWanted: false)
        #expect(it.fleet.aws.with { $0.revokes } == [[Name.rule(1)]])
        let told = try await it.fleet.told(it.fleet.one) + it.fleet.told(it.fleet.two)
        #expect(told.count { $0.hasSuffix(":ended") } == 1)
        #expect(told.count { $0.hasSuffix(":reverted") } == 1)
    }

    @Test func `a rule that a person approved on one host outlasts the exemption on the other`() async throws {
        let it = try await Watchers(Fleet(policy: watching(exempt: [Self.mia(for: 7200, then: .revert)])))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await it.fleet.two.process(it.fleet.two.message(record.json)) == .delete)
        await it.one.later()
        let rules = try await it.fleet.one.writer.write { transaction in
            #expect(try transaction.approve(.rule(Name.rule(1)), by: "mia", reason: nil).count == 1)
            return try transaction.standing(.rule(Name.rule(1)))
        }
        let time = it.fleet.time
        let table = BaselineTable(client: try it.fleet.one.session.dynamodb(), name: Fleet.table) { time.now }
        try await table.approve(rules, by: "mia")
        it.fleet.time.advance(.seconds(7200))
        await it.two.keeper.round(isWanted: false)
        await it.one.keeper.round(isWanted: false)
        #expect(it.fleet.aws.with { $0.revokes } == [])
        #expect(try it.two.standing().map(\.last) == ["approved mia"])
    }

    @Test func `what another host approved before the rule had other content is no reason to leave it`() async throws {
        let policy = Policy(
            watch: [Watch(groups: [Name.group], origin: "watch")],
            allow: [try .port(99)],
            exempt: [Self.mia()]
        )
        let it = try await Watchers(Fleet(policy: policy))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await it.fleet.one.process(it.fleet.one.message(record.json)) == .delete)
        await it.two.later()
        let (wide, narrow) = (try liveRule(1), try liveRule(1, port: 99))
        it.fleet.aws.with { $0.rules[Name.rule(1)] = narrow }
        await it.two.later()
        #expect(it.ruleStands)
        it.fleet.aws.with { $0.rules[Name.rule(1)] = wide }
        await it.two.later()
        #expect(it.fleet.aws.with { $0.rules[Name.rule(1)]?.rule } != wide.rule)
    }

    @Test func `a host that knows nothing of an earlier sweep restores a rule that was edited in the same way again`()
        async throws
    {
        let policy = Policy(watch: [Watch(groups: [Name.group], origin: "watch")], allow: [try .port(99)])
        let it = try await Watchers(Fleet(policy: policy))
        let (wide, narrow) = (try liveRule(1), try liveRule(1, port: 99))
        func stand(_ rule: LiveRule) { it.fleet.aws.with { $0.rules[Name.rule(1)] = rule } }
        var isNarrow: Bool { it.fleet.aws.with { $0.rules[Name.rule(1)]?.rule } == narrow.rule }
        stand(narrow)
        await it.one.later()
        stand(wide)
        await it.one.later()
        #expect(isNarrow)
        // The first host is gone, and the second has not seen that edit.
        await it.two.later()
        stand(wide)
        await it.two.later()
        await it.two.later()
        #expect(isNarrow)
    }

    @Test func `an exempt caller's late record counts for more than the report of a sweep`() async throws {
        let it = try await Watchers(Fleet(policy: watching(.report, exempt: [Self.mia()])))
        try await it.surprise()
        let record = RecordText(time: it.fleet.time.now - 60)
        await it.one.keeper.round(isWanted: false)
        #expect(try it.one.events() == [["Sweep", "reported"]])
        #expect(try await it.fleet.two.process(it.fleet.two.message(record.json)) == .delete)
        for host in [it.fleet.one, it.fleet.two] { host.policies.replace(with: watching(exempt: [Self.mia()])) }
        await it.one.later()
        await it.two.later()
        #expect(it.ruleStands)
    }

    @Test func `an edit of a rule that an exempt caller made is not exempt`() async throws {
        let it = try await Watchers(Fleet(policy: watching(exempt: [Self.mia()])))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        _ = try await it.fleet.one.process(it.fleet.one.message(record.json))
        let edited = try liveRule(1, port: 99)
        it.fleet.aws.with { $0.rules[Name.rule(1)] = edited }
        await it.two.later()
        #expect(!it.ruleStands)
    }

    @Test func `what one host reported the other does not tell again`() async throws {
        let it = try await Watchers(Fleet(policy: watching(.report)))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        _ = try await it.fleet.one.process(it.fleet.one.message(record.json))
        #expect(try await it.fleet.told(it.fleet.one) == ["\(Name.event):reported"])
        await it.two.later()
        #expect(it.ruleStands)
        #expect(try it.two.events() == [["Sweep", "reported"]])
        #expect(try await it.fleet.told(it.fleet.two) == [])
    }

    @Test func `what a host left to an exempt caller while the table was out, it tells the others afterwards`()
        async throws
    {
        let it = try await Watchers(Fleet(policy: watching(exempt: [Self.mia()])))
        try it.fleet.aws.stand([1])
        let table = it.fleet.aws.with { $0.tables }
        it.fleet.aws.with { $0.tables = [:] }
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await it.fleet.one.process(it.fleet.one.message(record.json)) == .delete)
        it.fleet.aws.with { $0.tables = table }
        // By then a probe has found the table again.
        let shared = try Fleet.claims("one", time: it.fleet.time, session: it.fleet.aws.session())
        try await it.fleet.settle(it.fleet.one, claims: EventClaims(writer: it.fleet.one.writer, shared: shared))
        #expect(try await it.fleet.one.writer.write { try $0.untoldRules() }.isEmpty)
        await it.two.later()
        #expect(it.ruleStands)
        #expect(try it.two.standing() == [[Name.rule(1), "event", "exempt mia"]])
    }

    @Test func `what a host tells late does not take the place of what another host approved since`() async throws {
        let it = try Fleet()
        func told(_ content: String, _ seconds: Double, isApproved: Bool = true) async throws -> String? {
            let rule = SharedRule(
                ruleID: Name.rule(1),
                content: content,
                eventID: "e",
                asOf: it.time.now + seconds,
                approval: isApproved ? Approval(source: "exempt x") : nil
            )
            #expect(try await it.one.claims.shared.keep([rule]))
            return try await it.two.claims.shared.rule(Name.rule(1)).flatMap(\.self)?.content
        }
        #expect(try await told("1", 5, isApproved: false) == "1")
        #expect(try await told("2", 20) == "2")
        #expect(try await told("3", 10) == "2")
        #expect(try await told("4", 19, isApproved: false) == "2", "a late report")
        #expect(try await told("5", 20) == "5")
    }

    @Test func `a host that could not reach the table sweeps nothing until every host has had the time to tell`()
        async throws
    {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        try await it.fleet.two.writer.write { try $0.mark(LedgerTransaction.tableSilent) }
        it.fleet.time.advance(.seconds(179))
        await it.two.keeper.round(isWanted: false)
        #expect(it.ruleStands)
        it.fleet.time.advance(.seconds(2))
        await it.two.keeper.round(isWanted: false)
        #expect(!it.ruleStands)
    }

    @Test(arguments: [EventOutcome.deadLettered, .failed])
    func `a host waits with its sweep for an event that failed there, unless another host has given it up`(
        _ outcome: EventOutcome
    ) async throws {
        let it = try await Watchers(Fleet())
        let (one, two) = (it.fleet.one, it.fleet.two)
        try it.fleet.aws.stand([1])
        let denied = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
        it.fleet.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [denied] }
        it.fleet.time.advance(.seconds(901))
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await one.process(one.message(record.json)) != .delete)
        let facts = EventFacts(eventID: Name.event, digest: record.digest, eventName: "AuthorizeSecurityGroupIngress")
        let slot = WorkSlot(clock: it.fleet.time.clock)
        let claim = try #require(try await two.claims.claim(facts, it.fleet.delivery, slot: slot).claim)
        try await two.claims.finish(claim, with: RunResult(outcome: outcome), slot: nil)
        await it.one.keeper.round(isWanted: false)
        it.fleet.time.advance(.seconds(31))
        await it.one.keeper.round(isWanted: false)
        #expect(it.ruleStands == (outcome == .failed))
    }

    @Test func `a clock that was set back does not keep a host from sweeping`() async throws {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        try await it.fleet.two.writer.write {
            try $0.mark(LedgerTransaction.tableSilent, at: Date(timeIntervalSince1970: 2_000_000_000))
        }
        await it.two.keeper.round(isWanted: false)
        #expect(!it.ruleStands)
    }

    @Test
    func `a rule that an exempt caller made and the policy allows stays on every host when the policy is narrowed`()
        async throws
    {
        var wide = watching(exempt: [Self.mia()])
        wide.allow = [Allow(name: "all", sources: [.cidr(try #require(CIDRBlock("0.0.0.0/0")))], origin: "allow all")]
        let it = try await Watchers(Fleet(policy: wide))
        try it.fleet.aws.stand([1])
        let record = RecordText(time: it.fleet.time.now)
        #expect(try await it.fleet.one.process(it.fleet.one.message(record.json)) == .delete)
        await it.two.later()
        #expect(try it.two.standing() == [[Name.rule(1), "sweep", "allow all"]])
        for host in [it.fleet.one, it.fleet.two] { host.policies.replace(with: watching(exempt: [Self.mia()])) }
        for _ in 1...2 {
            await it.two.later()
            await it.one.later()
        }
        #expect(it.ruleStands)
        for host in [it.one, it.two] { #expect(try host.standing().map(\.last) == ["exempt mia"]) }
    }

    @Test func `without the table no rule is swept, since another host may know why it stands`() async throws {
        let it = try await Watchers(Fleet())
        try await it.surprise()
        it.fleet.aws.with { $0.tables = [:] }
        await it.one.keeper.round(isWanted: false)
        #expect(it.ruleStands)
        // A record is another matter.
        #expect(try await it.fleet.one.process(it.fleet.one.message(it.fleet.record.json)) == .delete)
        #expect(!it.ruleStands)
    }

    @Test func `the end of an exemption is told by one host, and asked for once`() async throws {
        let it = try await Watchers(Fleet(policy: watching(exempt: [Self.mia(for: 60)])))
        it.fleet.time.advance(.seconds(61))
        await it.one.keeper.round(isWanted: false)
        await it.two.keeper.round(isWanted: false)
        #expect(try await it.fleet.told(it.fleet.one).count == 1)
        #expect(try await it.fleet.told(it.fleet.two) == [])
        let calls = it.fleet.tableCalls
        await it.one.keeper.round(isWanted: false)
        await it.two.keeper.round(isWanted: false)
        #expect(it.fleet.tableCalls == calls + 2)
    }
}
