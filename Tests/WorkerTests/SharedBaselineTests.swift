import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// What a person says of a rule on one host holds on all.
@Suite struct SharedBaselineTests {
    private let fleet: Fleet
    private let one: Keeper
    private let two: Keeper

    init() async throws {
        fleet = try Fleet()
        one = try Keeper(fleet.one, holder: "one")
        two = try Keeper(fleet.two, holder: "two")
        for host in [one, two] { await host.keeper.round(isWanted: true) }
    }

    private func table() throws -> BaselineTable {
        let time = fleet.time
        return BaselineTable(client: try fleet.one.session.dynamodb(), name: Fleet.table) { time.now }
    }

    /// A rule that no event tells of comes to stand, and both hosts see it.
    private func surprise() async throws {
        try fleet.aws.stand([1])
        fleet.time.advance(.seconds(901))
        for host in [one, two] { await host.keeper.round(isWanted: false) }
    }

    /// Two settle times later both hosts sweep, the second one first.
    private func sweep() async {
        fleet.time.advance(.seconds(901))
        for host in [two, one] { await host.keeper.round(isWanted: false) }
    }

    /// Runs what a command does on the first host, in its ledger and in the table.
    private func approve() async throws {
        let rules = try await fleet.one.writer.write { transaction in
            #expect(try transaction.approve(.rule(Name.rule(1)), by: "mia@one", reason: nil).count == 1)
            return try transaction.standing(.rule(Name.rule(1)))
        }
        try await table().approve(rules, by: "mia@one")
    }

    private func forget() async throws {
        let rules = try await fleet.one.writer.write { transaction in
            #expect(try transaction.forget(.group("\(Name.group)"), by: "mia@one").count == 1)
            return try transaction.standing(.group("\(Name.group)"))
        }
        try await table().forget(rules, by: "mia@one")
    }

    private var ruleStands: Bool { fleet.aws.with { $0.rules[Name.rule(1)] != nil } }

    @Test func `of a late record of many rules, a host asks the table for a few at once`() async throws {
        let flight = Mutex((now: 0, most: 0))
        let fleet = try Fleet { action in
            guard action == "GetItem" else { return }
            flight.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<1000 where flight.withLock({ $0.most < 2 }) { await Task.yield() }
            flight.withLock { $0.now -= 1 }
        }
        let now = fleet.time.now
        let rules = try (1...40).map { try Fixture.live($0, Fixture.rule(port: 20 + $0)) }
        let approved = rules.map { rule in
            SharedRule(
                ruleID: "\(rule.id)",
                content: "\(rule.rule)",
                eventID: "x",
                asOf: now,
                approval: .byPerson("mia", at: now)
            )
        }
        #expect(try await fleet.one.claims.shared.keep(approved))
        let questions = rules.map { RuleQuestion(ruleID: $0.id, rule: $0.rule, added: $0.rule) }
        let query = PastQuery(
            eventID: Name.event,
            groupID: Name.group,
            eventTime: now - 300,
            isRemoval: false,
            limits: RevertLimits()
        )
        let pasts = try await fleet.two.claims.past(of: questions, query, isLate: true, now: now)
        #expect(pasts.map(\.approval?.source) == Array(repeating: "approved mia", count: 40))
        #expect((2...16).contains(flight.withLock { $0.most }))
    }

    @Test func `a rule that is approved on one host is not swept by the other, and its ledger says who approved it`()
        async throws
    {
        try await surprise()
        try await approve()
        await sweep()
        #expect(ruleStands)
        let row = [Name.rule(1), "approved", "approved mia@one"]
        #expect(try one.standing() == [row])
        #expect(try two.standing().map { [$0[0], $0[2]] } == [[row[0], row[2]]])
    }

    @Test func `a late record closes no rule that a person approved on another host`() async throws {
        let record = RecordText(time: fleet.time.now)
        try await surprise()
        try await approve()
        #expect(try await fleet.two.process(fleet.two.message(record.json)) == .delete)
        #expect(ruleStands)
        let reason = try #require(try fleet.two.test.rules("reason").first)
        #expect(reason?.hasSuffix("it was approved since by approved mia@one") == true)
    }

    @Test func `a late record of a change that came after the approval is judged by the policy`() async throws {
        try await surprise()
        try await approve()
        fleet.time.advance(.seconds(90))
        let record = RecordText.modify(1, port: 21, time: fleet.time.now)
        fleet.time.advance(.seconds(180))
        #expect(try await fleet.two.process(fleet.two.message(record.json, id: "modify")) == .delete)
        #expect(!ruleStands)
    }

    @Test func `an approval holds for the content that was approved`() async throws {
        try await surprise()
        try await approve()
        let edited = try liveRule(1, port: 99)
        fleet.aws.with { $0.rules[Name.rule(1)] = edited }
        await two.later()
        #expect(!ruleStands)
    }

    @Test func `an approval that is taken back is not found again in the table, and the rule is swept`() async throws {
        try await surprise()
        try await approve()
        await sweep()
        try await forget()
        await sweep()
        #expect(!ruleStands)
        let told = try await fleet.told(fleet.one) + fleet.told(fleet.two)
        #expect(told.count == 1)
    }

    @Test func `the word of a person counts although the table has a later time`() async throws {
        try await surprise()
        func word() async throws -> String? {
            try await fleet.two.claims.shared.rule(Name.rule(1)).flatMap(\.self)?.approval?.source
        }
        let early = SharedRule(
            ruleID: Name.rule(1),
            content: "other",
            eventID: "early",
            asOf: fleet.time.now.addingTimeInterval(600),
            approval: nil
        )
        #expect(try await fleet.two.claims.shared.keep([early]))
        try await approve()
        #expect(try await word() == "approved mia@one")
        try await forget()
        #expect(try await word() == nil)
    }

    @Test func `a host that still has an approval that was taken back elsewhere does not tell it again`() async throws {
        try await surprise()
        func told(_ port: Int) async throws -> String? {
            let rule = SharedRule(
                ruleID: Name.rule(1),
                content: "\(try liveRule(1, port: port).rule)",
                eventID: "restored",
                asOf: fleet.time.now.addingTimeInterval(60),
                approval: Approval(source: Approval.baseline)
            )
            #expect(try await fleet.two.claims.shared.keep([rule]))
            return try await fleet.two.claims.shared.rule(Name.rule(1)).flatMap(\.self)?.content
        }
        try await approve()
        try await forget()
        #expect(try await told(21) == nil)
        #expect(try await told(99)?.contains("99") == true, "another content was not taken back")
    }

    @Test func `what a host tells late replaces neither the word of a person nor its end`() async throws {
        try await surprise()
        let late = SharedRule(
            ruleID: Name.rule(1),
            content: "\(try liveRule(1).rule)",
            eventID: "late",
            asOf: fleet.time.now.addingTimeInterval(-60),
            approval: Approval(source: "exempt terraform")
        )
        func word() async throws -> String? {
            #expect(try await fleet.two.claims.shared.keep([late]))
            return try await fleet.two.claims.shared.rule(Name.rule(1)).flatMap(\.self)?.approval?.source
        }
        try await approve()
        #expect(try await word() == "approved mia@one")
        try await forget()
        #expect(try await word() == nil)
    }
}
