import Foundation
import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Somebody edited the file. Each read says what is wrong, or leaves the row out, and the other rows go on.
@Suite struct DamageTests {
    /// A ledger with an event `e` that failed after it had reverted a rule, and one standing rule.
    private func filled() async throws -> TestLedger {
        let test = try TestLedger()
        var result = RunResult(outcome: .failed, rules: [.rule(Fixture.ruleName(1), .reverted)])
        result.sightings = [try Fixture.live().seen()]
        let claim = try await test.ledger.claim(EventFacts(eventID: "e", eventName: "A", groupID: Fixture.groupName))
            .claim
        let final = result
        try await test.ledger.write { try $0.finish(claim, with: final) }
        return test
    }

    private func damage(
        _ test: TestLedger,
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Void
    ) async throws -> String {
        let error = await #expect(throws: LedgerError.self) { try await test.ledger.write(body) }
        guard case .damaged(let path, let detail)? = error else { return "\(String(describing: error))" }
        #expect(path == test.path)
        return detail
    }

    /// A change of the row of event `e`, and what its next claim says.
    @Test(arguments: [
        ("UPDATE events SET outcome = 'nonsense'", "EventOutcome has no value 'nonsense'"),
        ("UPDATE events SET outcome = ''", "EventOutcome has no value ''"),
        ("UPDATE events SET lease_until = 'soon'", "'soon' is not a time"),
        ("UPDATE events SET matched_rule_ids = 'all'", "'all' is not a list of texts"),
        ("UPDATE events SET matched_rule_ids = '{}'", "'{}' is not a list of texts"),
        ("UPDATE rules SET direction = 'sideways'", "Direction has no value 'sideways'"),
        ("UPDATE rules SET decision = 'maybe'", "RuleDecision has no value 'maybe'"),
    ])
    func `a claim of an event whose row was edited says what is wrong`(_ sql: String, _ detail: String) async throws {
        let test = try await filled()
        try test.execute(sql)
        let found = try await damage(test) {
            _ = try $0.claim(
                EventFacts(eventID: "e", eventName: "A", groupID: Fixture.groupName),
                delivery: Delivery(messageID: "m2", receivedAt: .distantPast)
            )
        }
        #expect(found == detail)
        try await test.ledger.finish("other", RunResult(outcome: .allowed))
        #expect(try test.event("outcome", "other") == "allowed")
    }

    @Test func `a run whose event's outcome was edited meanwhile ends with an error, and writes nothing`() async throws
    {
        let test = try await filled()
        let claim = try await test.ledger.claim("e", message: "m2").claim
        try test.execute("UPDATE events SET outcome = 'nonsense'")
        let entries = try test.value("SELECT count(*) FROM trail")
        #expect(
            try await damage(test) { try $0.finish(claim, with: RunResult(outcome: .reverted)) }
                == "EventOutcome has no value 'nonsense'"
        )
        #expect(try test.value("SELECT count(*) FROM trail") == entries)
    }

    @Test func `of matched rules that somebody edited the texts are taken`() async throws {
        let test = try await filled()
        try test.execute(#"UPDATE events SET matched_rule_ids = '[7,"sgr-1",null,["sgr-2"]]'"#)
        #expect(try await test.ledger.claim("e", message: "m2").claim.matchedRuleIDs == ["sgr-1"])
    }

    @Test func `a direction that is none is damage, and a protocol or an id that is none leaves its row out`()
        async throws
    {
        let count: @Sendable (LedgerTransaction) throws -> Int = { try $0.unexplainedRules().count }
        for (sql, expected) in [
            ("UPDATE sightings SET protocol = ''", 0), ("UPDATE sightings SET rule_id = 'sgr-x'", 0),
            ("UPDATE sightings SET group_id = 'group'", 0), ("UPDATE sightings SET stood_from = 'then'", 0),
            ("UPDATE sightings SET source = 'nowhere'", 1), ("UPDATE sightings SET from_port = -7", 1),
        ] {
            let test = try await filled()
            try test.execute(sql)
            #expect(try await test.ledger.write(count) == expected, "\(sql)")
        }
        let test = try await filled()
        try test.execute("UPDATE sightings SET direction = 'sideways'")
        #expect(try await damage(test) { _ = try $0.unexplainedRules() } == "Direction has no value 'sideways'")
    }

    @Test func `a look at a group with a row of unknown origin says so`() async throws {
        let test = try await filled()
        try test.execute("UPDATE sightings SET known_by = 'hearsay'")
        #expect(
            try await damage(test) { transaction in
                _ = try transaction.look([])
            } == "KnownBy has no value 'hearsay'"
        )
    }

    @Test func `a notice that waits for the table with a kind that is no outcome is damage`() async throws {
        let test = try await filled()
        let shared = SharedClaim(key: "e", fence: 1, token: "t")
        let claim = try await test.ledger.claim("e", message: "m2").claim.joined(with: shared)
        try await claim.finish(in: test.ledger, RunResult(outcome: .reverted), notify: true)
        try test.execute("UPDATE notices SET kind = 'gossip'")
        #expect(
            try await damage(test) { _ = try $0.heldNotices(olderThan: .zero) } == "EventOutcome has no value 'gossip'"
        )
    }

    @Test func `an entry that is no JSON is named in the story of its event, and in no other's`() async throws {
        let test = try await filled()
        try await test.ledger.finish("other", RunResult(outcome: .allowed))
        try await DatabaseQueue(path: test.path).writeWithoutTransaction {
            try $0.execute(sql: "DROP TRIGGER trail_keeps; UPDATE trail SET entry = 'x' WHERE seq = 2")
        }
        let reader = try LedgerReader(path: test.path)
        #expect(
            throws: LedgerError.damaged(path: test.path, detail: "entry 2 of the trail cannot be read")
        ) { try reader.story(of: "e") }
        #expect(try reader.story(of: "other")?.runs.count == 1)
    }

    @Test func `times that somebody edited are the oldest there are, or none`() async throws {
        let test = try await filled()
        try await test.ledger.write { transaction in
            try transaction.saw(sender: "AIDA")
            try transaction.mark("sweep")
        }
        try test.execute("UPDATE senders SET last_seen = 'x'; UPDATE moments SET at = 'x'")
        #expect(try LedgerReader(path: test.path).senders().map(\.lastSeen) == [.distantPast])
        #expect(try await test.ledger.write { try $0.moment("sweep") } == nil)
    }

    @Test func `tags that somebody edited are no tags, and the group is still remembered`() async throws {
        let test = try await filled()
        let sighting = WatchSighting(
            groupID: Fixture.groupName,
            account: nil,
            region: "eu-west-1",
            facts: WatchedFacts(name: "web", tags: ["a": "b"]),
            eventID: nil
        )
        _ = try await test.ledger.write { try $0.watched(sighting, notifies: false) { _ in [] } }
        try test.execute(#"UPDATE watched_groups SET tags = '{"a":7}'"#)
        let found = try await test.ledger.write { try $0.watched(sighting, notifies: false) { _ in [] } }
        #expect(found.map(\.tags) == [[:], ["a": "b"]] && found.map(\.name) == ["web", "web"])
        #expect(found.map { $0.endedAt != nil } == [true, false])
    }

    @Test func `a table that is gone is one clear line`() async throws {
        let test = try await filled()
        try test.execute("DROP VIEW audit_rules; DROP TABLE rules")
        let reader = try LedgerReader(path: test.path)
        let error = #expect(throws: LedgerError.self) { try reader.rules(of: ["e"]) }
        guard case .failed(_, let detail)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains("no such table") && error?.description.contains("\n") == false)
        #expect(try reader.verify().findings.contains(.schema(name: "rules")))
    }
}
