import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

/// The ledger keeps what stands, and says what nothing explains.
@Suite struct SnapshotTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func live(_ digit: Int, port: Int = 22) throws -> LiveRule {
        try Fixture.live(digit, Fixture.rule(port: port), description: "rule \(digit)")
    }

    @discardableResult
    private func look(
        _ rules: [LiveRule],
        baseline: Watch.Baseline = .firstSight,
        action: Watch.Action = .revert
    ) async throws -> SnapshotDiff {
        let policy = Policy(watch: [Watch(action: action, baseline: baseline, origin: "watch")])
        return try await test.ledger.write { try $0.look(rules, policy) }
    }

    private func unexplained(isDryRun: Bool = false) async throws -> [String] {
        let now = test.now
        return try await test.ledger.write { try $0.allUnexplained(since: now, isDryRun: isDryRun).map(\.eventID) }
    }

    /// Runs an event of a rule to an outcome.
    private func finish(
        _ eventID: String,
        _ outcome: EventOutcome,
        name: String = "Sweep",
        rules: [RuleResult] = [],
        sightings: [RuleSighting] = []
    ) async throws {
        let facts = EventFacts(eventID: eventID, eventName: name, groupID: Fixture.groupName, eventTime: test.now)
        var result = RunResult(outcome: outcome, rules: rules)
        result.sightings = sightings
        try await test.ledger.claim(facts, message: eventID, at: test.now).claim.finish(in: test.ledger, result)
    }

    private func sighting(
        _ live: LiveRule,
        stands: Bool = true,
        approval: Approval? = nil,
        forbidden: Bool = false
    ) -> RuleSighting {
        var sighting = live.seen(stands: stands, approval: approval)
        if forbidden { sighting.forbidden = live.rule }
        return sighting
    }

    private func standing() throws -> [[String]] {
        try LedgerReader(path: test.path).standingRules().map { row in
            [row[.ruleID], row[.knownBy], row[.approvedBy]].map { $0.text ?? "-" }
        }
    }

    @Test func `the view shows each standing rule with how it is known and why it may stand`() async throws {
        try await look([live(1)])
        test.advance(60)
        try await look([live(1), live(2, port: 23)])
        #expect(
            try standing() == [
                ["sgr-00000000000000001", "baseline", "baseline"], ["sgr-00000000000000002", "sweep", "-"],
            ]
        )
        let rows = try LedgerReader(path: test.path).standingRules(isUnexplained: true)
        #expect(rows.map { $0[.fromPort].integer } == [23])
        #expect(rows.map { $0[.account].text } == ["111122223333"])
    }

    @Test func `a snapshot without changes writes no row of a rule, and still says when the rules were last seen`()
        async throws
    {
        try await look([live(1)])
        let first = try LedgerReader(path: test.path).standingRules()
        test.advance(900)
        #expect(try await look([live(1)]).isEmpty)
        let second = try LedgerReader(path: test.path).standingRules()
        #expect(first.map { $0[.firstSeen] } == second.map { $0[.firstSeen] })
        #expect(try #require(second.first?[.lastSeen].text) > #require(first.first?[.lastSeen].text))
        #expect(try test.value("SELECT count(*) FROM sightings WHERE last_seen > first_seen") == "0")
    }

    @Test func `a rule that is gone leaves the view, also with its whole group`() async throws {
        try await look([live(1), live(2, port: 23)])
        test.advance(60)
        try await look([live(1)])
        #expect(try standing().map { $0[0] } == ["sgr-00000000000000001"])
        try await test.ledger.write {
            try $0.keepGoneGroups(place: "111122223333 eu-west-1", asked: ["sg-other"], shown: [])
        }
        #expect(try standing().count == 1)
        try await test.ledger.write { try $0.keepGoneGroups(place: "111122223333 eu-west-1", asked: nil, shown: []) }
        #expect(try standing().isEmpty)
    }

    @Test func `a rule without a reason is judged once for each time that it comes to say what it says`() async throws {
        try await look([])
        try await look([live(1)])
        let ids = try await unexplained()
        #expect(ids.count == 1 && ids[0].hasPrefix("sweep-sgr-00000000000000001-"))
        try await finish(ids[0], .unchanged)
        #expect(try await unexplained().isEmpty)
        test.advance(60)
        try await look([])
        test.advance(60)
        try await look([live(1)])
        #expect(try await unexplained() == [ids[0] + "-2"])
    }

    @Test(arguments: [EventOutcome.allowed, .unchanged])
    func `a rule that was judged and left is judged again once a later look still finds no reason for it`(
        _ outcome: EventOutcome
    ) async throws {
        try await look([])
        try await look([live(1)])
        let id = try #require(try await unexplained().first)
        test.advance(60)
        try await finish(id, outcome)
        #expect(try await unexplained().isEmpty)
        test.advance(60)
        try await look([live(1)])
        #expect(try await unexplained() == [id + "-2"])
    }

    @Test func `a look that still shows what an event has just reverted makes it no baseline`() async throws {
        try await finish(
            "e",
            .reverted,
            name: "AuthorizeSecurityGroupIngress",
            rules: [.rule("sgr-00000000000000001", .reverted)],
            sightings: [sighting(live(1), stands: false)]
        )
        test.advance(14)
        try await look([live(1), live(2, port: 23)])
        #expect(try standing() == [["sgr-00000000000000002", "baseline", "baseline"]])
        test.advance(2)
        try await look([live(1), live(2, port: 23)])
        #expect(try standing().first == ["sgr-00000000000000001", "sweep", "-"], "it stands all the same")
    }

    @Test func `what failed is tried again after a pause that doubles`() async throws {
        try await look([])
        try await look([live(1)])
        let id = try #require(try await unexplained().first)
        try await finish(id, .failed)
        #expect(try await unexplained().isEmpty)
        test.advance(61)
        #expect(try await unexplained() == [id])
    }

    @Test func `what was reported is not reported again, and is reverted once the entry says so`() async throws {
        try await look([], action: .report)
        try await look([live(1)], action: .report)
        let id = try #require(try await unexplained().first)
        try await finish(id, .reported)
        #expect(try await unexplained().isEmpty)
        test.advance(60)
        try await look([live(1)], action: .revert)
        #expect(try await unexplained(isDryRun: true).isEmpty)
        #expect(try await unexplained() == [id + "-2"])
    }

    @Test func `what an entry reports that the last look did not know yet is reported once until the next look`()
        async throws
    {
        try await look([], action: .revert)
        try await look([live(1)], action: .revert)
        let id = try #require(try await unexplained().first)
        test.advance(60)
        try await finish(id, .reported)
        #expect(try await unexplained().isEmpty)
        test.advance(60)
        try await look([live(1)], action: .report)
        #expect(try await unexplained().isEmpty)
    }

    @Test func `a thousand rules that were judged hide none that was not`() async throws {
        let rules = try (0..<1100).map { number in
            try Fixture.live(number, Fixture.rule(port: number))
        }
        try await look([], action: .report)
        try await look(Array(rules.dropLast()), action: .report)
        let now = test.now
        try await test.ledger.write { transaction in
            for round in 1...2 {
                let due = try transaction.allUnexplained(since: now, isDryRun: false)
                #expect(due.count == (round == 1 ? 1099 : 0))
                for unexplained in due {
                    let facts = EventFacts(eventID: unexplained.eventID, eventName: "Sweep", groupID: Fixture.groupName)
                    let delivery = Delivery(messageID: unexplained.eventID, receivedAt: now)
                    guard case .run(let claim) = try transaction.claim(facts, delivery: delivery) else { continue }
                    try transaction.finish(claim, with: RunResult(outcome: .reported))
                }
            }
        }
        #expect(try await unexplained().isEmpty)
        try await look(rules, action: .report)
        #expect(try await unexplained().count == 1)
    }

    @Test func `a rule that was not watched when it was to be closed is judged again once a look finds it watched`()
        async throws
    {
        try await look([live(1)])
        let rule = try Fixture.standing(description: "rule 1", account: nil, since: test.now)
        func next() async throws -> String? {
            try await test.ledger.write { try $0.nextExemptionEnd(of: rule, until: nil, isDryRun: false) }
        }
        let id = try #require(try await next())
        test.advance(60)
        try await finish(id, .ignored, name: "ExemptionEnd")
        #expect(try await next() == nil)
        test.advance(60)
        try await look([live(1)])
        #expect(try await next() == id + "-2")
    }

    @Test(arguments: [true, false])
    func `an event under way about the rule, or about its group, is not overtaken`(isRunning: Bool) async throws {
        try await look([])
        try await look([live(1)])
        if isRunning {
            let facts = EventFacts(eventID: "e", eventName: "AuthorizeSecurityGroupIngress", groupID: Fixture.groupName)
            let now = test.now
            _ = try await test.ledger.write {
                try $0.claim(facts, delivery: Delivery(messageID: "m", receivedAt: now))
            }
        } else {
            let rule = RuleResult.rule("sgr-00000000000000001", .failed)
            try await finish("e", .failed, name: "AuthorizeSecurityGroupIngress", rules: [rule])
        }
        #expect(try await unexplained().isEmpty)
        test.advance(3599)
        #expect(try await unexplained().isEmpty, "the worker may have died, and the event comes again")
        test.advance(2)
        #expect(try await unexplained().count == 1)
    }

    @Test func `events that come one after the other hold up the sweep of a rule no longer than a record may take`()
        async throws
    {
        try await look([])
        try await look([live(1)])
        func begin(_ eventID: String) async throws -> Claim {
            let name = "AuthorizeSecurityGroupIngress"
            let facts = EventFacts(eventID: eventID, eventName: name, groupID: Fixture.groupName)
            return try await test.ledger.claim(facts, message: eventID, at: test.now).claim
        }
        test.advance(899)
        let early = try await begin("early")
        #expect(try await unexplained().isEmpty)
        test.advance(2)
        try await early.finish(in: test.ledger, RunResult(outcome: .unchanged))
        _ = try await begin("late")
        #expect(try await unexplained().count == 1)
    }

    @Test func `the outcome of a sweep is known until the rule says something else`() async throws {
        try await look([])
        try await look([live(1)])
        func outcome() async throws -> EventOutcome? {
            try await test.ledger.write { transaction in
                try transaction.unexplainedRules().first.flatMap { try transaction.sweepOutcome(of: $0) }
            }
        }
        #expect(try await outcome() == nil)
        test.advance(60)
        try await finish(#require(unexplained().first), .reported)
        #expect(try await outcome() == .reported)
        test.advance(60)
        try await look([])
        test.advance(60)
        try await look([live(1)])
        #expect(try await outcome() == nil)
    }

    @Test func `a rule of the baseline that an event brought is no part of it once the policy forbade it`() async throws
    {
        try await look([live(1)])
        try await finish(
            "e",
            .reported,
            name: "AuthorizeSecurityGroupIngress",
            sightings: [sighting(live(1), forbidden: true)]
        )
        #expect(try standing() == [["sgr-00000000000000001", "event", "-"]])
    }

    @Test func `what an event brought is known by it, also where a look came first`() async throws {
        try await look([])
        try await look([live(1)])
        let approval = Approval(source: "exempt terraform", eventTime: test.now)
        try await finish(
            "e",
            .allowed,
            name: "AuthorizeSecurityGroupIngress",
            sightings: [sighting(live(1), approval: approval)]
        )
        #expect(try standing() == [["sgr-00000000000000001", "event", "exempt terraform"]])
        test.advance(60)
        #expect(try await look([live(1)]).isEmpty)
    }

    @Test func `a look that began before a revert does not bring the rule back`() async throws {
        try await look([live(1)])
        try await finish(
            "e",
            .reverted,
            name: "AuthorizeSecurityGroupIngress",
            sightings: [sighting(live(1), stands: false)]
        )
        #expect(try await look([live(1)]).isEmpty)
        #expect(try standing().isEmpty)
    }

    @Test func `two thousand rules take less than 2 MB, and a look without changes writes next to nothing`()
        async throws
    {
        let policy = Policy(watch: [Watch(origin: "watch")])
        let looks = try (0..<50).map { group in
            let id = try Fixture.group(group)
            let facts = GroupFacts(groupID: id.description, account: "111122223333", region: "eu-west-1", vpcID: "")
            let rules = try (0..<40).map { rule in
                try Fixture.live(
                    group * 40 + rule,
                    Fixture.rule(port: rule + 1),
                    in: group,
                    description: "rule \(rule) of group \(group)"
                )
            }
            return GroupLook(group: try #require(WatchedGroup(id, facts, by: policy)), rules: rules)
        }
        func look() async throws -> Int {
            let now = test.now
            return try await test.ledger.write { transaction in
                try looks.reduce(0) { count, look in
                    let diff = try transaction.keep(look, place: "p", policy: policy, readAt: now, settle: .seconds(15))
                    return count + diff.count
                }
            }
        }
        func size() throws -> Int {
            try #require(FileManager.default.attributesOfItem(atPath: test.path)[.size] as? Int)
        }
        #expect(try await look() == 2000)
        let before = try size()
        #expect(before < 2_000_000)
        test.advance(900)
        #expect(try await look() == 0)
        #expect(try size() - before < 10_000)
    }

    @Test func `the rules come in parts, and those that are done take no place in one`() async throws {
        try await look([])
        test.advance(60)
        try await look([live(1), live(2), live(3)], action: .report)
        let now = test.now
        func part(
            after last: StandingRule?
        ) async throws -> (found: [LedgerTransaction.Unexplained], last: StandingRule?) {
            try await test.ledger.write { try $0.unexplained(since: now, isDryRun: false, after: last, limit: 1) }
        }
        try await finish(#require(unexplained().first), .reported)
        test.advance(1)
        var found: [String] = []
        var last: StandingRule?
        repeat {
            let part = try await part(after: last)
            found += part.found.map(\.rule.id.description)
            last = part.last
        } while last != nil
        #expect(found == ["sgr-00000000000000002", "sgr-00000000000000003"])
    }
}

extension LedgerTransaction {
    /// The unexplained rules of all parts.
    func allUnexplained(since time: Date, isDryRun: Bool) throws -> [Unexplained] {
        var all: [Unexplained] = []
        var last: StandingRule?
        repeat {
            let part = try unexplained(since: time, isDryRun: isDryRun, after: last)
            all += part.found
            last = part.last
        } while last != nil
        return all
    }
}
