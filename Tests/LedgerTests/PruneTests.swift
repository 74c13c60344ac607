import Formats
import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

@Suite struct PruneTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private static let day: Double = 86_400

    /// Prunes in transactions of `limit` entries until nothing is left to drop.
    private func prune(days: Double, limit: Int = 5000) async throws -> PruneCount {
        let cutoff = test.now.addingTimeInterval(-days * Self.day)
        var total = PruneCount()
        while true {
            let count = try await test.ledger.write { try $0.prune(before: cutoff, limit: limit) }
            total.events += count.events
            total.entries += count.entries
            guard count.entries > 0 else { return total }
        }
    }

    private func ids() throws -> String? {
        try test.value("SELECT group_concat(event_id, ' ') FROM (SELECT event_id FROM events ORDER BY event_id)")
    }

    @Test(arguments: [1, 2, 3, 5000])
    func `what is old and finished goes, and the rest stays provable`(_ limit: Int) async throws {
        try await test.ledger.finish("old-1", .reverting)
        let anchor = try #require(try await test.ledger.write { try $0.anchor() })
        try await test.ledger.finish("failed", RunResult(outcome: .failed, rules: [.rule("sgr-1", .failed)]))
        try await test.ledger.finish("old-2", RunResult(outcome: .allowed))
        let untold = try await test.ledger.claim(.full("untold")).claim
        try await untold.finish(in: test.ledger, .reverting, notify: true)
        let held = try await test.ledger.claim(.full("held", time: test.now)).claim
        try await test.ledger.write { try $0.note(kind: .note, entry: ["message_id": .text("m")]) }
        test.advance(40 * Self.day)
        try await test.ledger.finish("new", .reverting)

        let expected = try LedgerReader(path: test.path).prunableCount(
            before: test.now.addingTimeInterval(-30 * Self.day)
        )
        let count = try await prune(days: 30, limit: limit)
        // Small steps restate some of what they meet half of; that goes with the next prune.
        #expect(expected == 2 && (limit < 5000 || count == PruneCount(events: 2, entries: 10)))
        if limit == 5000 { #expect(try ids() == "failed held new untold") }
        let reader = try LedgerReader(path: test.path)
        #expect(try reader.verify().findings == [])
        #expect(try !reader.verify(anchor: anchor).findings.isEmpty)

        // What was kept goes on as if nothing had been.
        try await held.finish(in: test.ledger, RunResult(outcome: .failed))
        let notices = try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.map(\.eventID) == ["untold"])
        for notice in notices { try await test.ledger.write { try $0.noticeSent(notice) } }
        try await test.ledger.finish("failed", .reverting)
        try await test.ledger.finish("held", .reverting)
        #expect(try reader.verify().findings == [])
        test.advance(60 * Self.day)
        _ = try await prune(days: 30, limit: limit)
        test.advance(60 * Self.day)
        _ = try await prune(days: 30)
        #expect(try ids() == nil)
        #expect(try reader.verify().events == 0)
    }

    @Test func `nothing younger than the horizon goes`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .allowed))
        test.advance(27 * Self.day)
        #expect(try await prune(days: 1) == PruneCount())
        #expect(try ids() == "e")
    }

    /// Changes the file as somebody would who means to, triggers or not.
    private func tamper(_ sql: String) throws {
        let triggers = try ["trail_keeps", "trail_stays"].map { name in
            try test.value("SELECT sql FROM sqlite_master WHERE name = '\(name)'") ?? ""
        }
        try test.execute(
            "DROP TRIGGER trail_keeps; DROP TRIGGER trail_stays; \(sql);" + triggers.joined(separator: ";")
        )
    }

    @Test func `a checkpoint keeps the last entry whole, and verify tells of the gap`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .allowed))
        let lastAt = RFC3339.format(test.now)
        test.advance(40 * Self.day)
        try await test.ledger.finish("f", RunResult(outcome: .allowed))
        _ = try await prune(days: 30)
        let found = try LedgerReader(path: test.path).verify()
        #expect(found.entries == 3 && found.findings == [])
        #expect(found.gaps.map(\.through) == [2] && found.gaps.map(\.lastAt) == [lastAt])
        #expect(try test.value("SELECT entry LIKE '%allowed%' FROM trail WHERE kind = 'pruned'") == "1")
        try tamper("UPDATE trail SET entry = replace(entry, 'allowed', 'ignored') WHERE kind = 'pruned'")
        #expect(try LedgerReader(path: test.path).verify().findings.contains(.unreadable(seq: 5)))
    }

    @Test func `a prune that is made up to hide today's events is found, with an old anchor and without`() async throws
    {
        try await test.ledger.finish("old", RunResult(outcome: .allowed))
        test.advance(40 * Self.day)
        let anchor = try #require(try await test.ledger.write { try $0.anchor() })
        try await test.ledger.finish("today", .reverting)
        try await test.ledger.finish("later", RunResult(outcome: .allowed))
        // The forger has this very program, and calls what a prune calls, without its bounds.
        try await test.ledger.write { transaction in
            let last = try #require(try TrailEntry.entry(4, in: transaction.db))
            let previous = try #require(try TrailEntry.entry(3, in: transaction.db))
            try transaction.appendCheckpoint(
                last: last,
                previousHash: previous.hash,
                before: RFC3339.format(transaction.now),
                count: PruneCount(events: 2, entries: 4)
            )
        }
        try tamper("DELETE FROM trail WHERE seq < 5; DELETE FROM events WHERE event_id IN ('old', 'today')")
        let findings = try LedgerReader(path: test.path).verify().findings
        #expect(
            findings.contains { if case .youngPrune(seq: 7, from: 1, to: 4, _) = $0 { true } else { false } },
            "\(findings)"
        )
        #expect(try !LedgerReader(path: test.path).verify(anchor: anchor).findings.isEmpty)
    }

    @Test func `ignored and dead-lettered events go after a day, and their place in the chain stays`() async throws {
        for (id, outcome) in [("i", EventOutcome.ignored), ("d", .deadLettered), ("a", .allowed), ("f", .failed)] {
            try await test.ledger.finish(id, RunResult(outcome: outcome))
        }
        try await test.ledger.finish("gave-up", RunResult(outcome: .failed))
        try await test.ledger.finish("gave-up", RunResult(outcome: .deadLettered))
        try await test.ledger.finish("changed", RunResult(outcome: .failed, rules: [.rule("sgr-1", .reverted)]))
        try await test.ledger.finish("changed", RunResult(outcome: .deadLettered))
        try await test.ledger.write { try $0.note(kind: .deadLettered, entry: ["message_id": .text("m")]) }
        let anchor = try #require(try await test.ledger.write { try $0.anchor() })
        #expect(try await prune(days: 1) == PruneCount())
        test.advance(1.1 * Self.day)
        let cutoff = test.now.addingTimeInterval(-Self.day)
        #expect(try LedgerReader(path: test.path).prunableCount(before: cutoff, now: test.now) == 3)
        #expect(try await prune(days: 1) == PruneCount(events: 3, entries: 9))
        #expect(try ids() == "a changed f")
        #expect(try LedgerReader(path: test.path).verify(anchor: anchor).findings == [])
        #expect(try test.value("SELECT count(*) FROM trail WHERE entry IS NULL") == "9")
        // Twenty-eight days later the places go too.
        test.advance(40 * Self.day)
        _ = try await prune(days: 30)
        #expect(try LedgerReader(path: test.path).verify().findings == [])
    }

    @Test(arguments: [
        "UPDATE trail SET entry = NULL WHERE seq = 2",
        "UPDATE trail SET entry = NULL WHERE seq IN (1, 2); DELETE FROM events WHERE event_id = 'e'",
        "UPDATE trail SET entry = NULL WHERE seq = 3; DELETE FROM events WHERE event_id = 'held'",
        "UPDATE trail SET entry = NULL WHERE seq IN (4, 5)",
    ])
    func `no other entry can be emptied without a finding`(_ sql: String) async throws {
        try await test.ledger.finish("e", .reverting)
        _ = try await test.ledger.claim("held")
        try await test.ledger.finish("i", RunResult(outcome: .ignored))
        try tamper(sql)
        #expect(try !LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `an event that was dropped as ignored or dead, and comes again, leaves a ledger in order`() async throws
    {
        for outcome in [EventOutcome.ignored, .deadLettered] {
            let id = outcome.rawValue
            try await test.ledger.finish(id, RunResult(outcome: outcome))
            test.advance(2 * Self.day)
            #expect(try await prune(days: 1).events == 1)
            // A late duplicate, or a replay of the dead letter.
            try await test.ledger.finish(id, message: "m2", replays: 1, .reverting)
            #expect(try LedgerReader(path: test.path).verify().findings == [])
        }
        try await test.ledger.finish("again", RunResult(outcome: .ignored))
        try tamper("UPDATE trail SET entry = NULL WHERE event_id = 'again' AND kind IN ('claimed', 'ignored')")
        #expect(try !LedgerReader(path: test.path).verify().findings.isEmpty, "its own entries may not be emptied")
    }

    @Test func `of an event that a prune restated, a later outcome is told or not by itself`() async throws {
        func tell() async throws {
            for notice in try await test.ledger.write({ try $0.takeNotices(limit: 9, lease: .seconds(60)) }) {
                try await test.ledger.write { try $0.noticeSent(notice) }
            }
        }
        var failed = RunResult(outcome: .failed, rules: [.rule("sgr-1", .failed)])
        failed.notify = true
        try await test.ledger.finish("e", failed)
        try await tell()
        test.advance(40 * Self.day)
        try await test.ledger.finish("new", RunResult(outcome: .allowed))
        _ = try await prune(days: 30)
        let reader = try LedgerReader(path: test.path)
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'carried'") == "1")
        #expect(try reader.verify().findings == [])
        try await test.ledger.finish("e", RunResult(outcome: .suppressed))
        #expect(try reader.verify().findings == [], "nobody was told of this outcome")
        try await test.ledger.finish("e", failed)
        #expect(try reader.verify().findings == [], "of this one people were told before the prune")
    }

    @Test func `our own calls are forgotten in time`() async throws {
        try await test.ledger.finish("e", .reverting)
        test.advance(40 * Self.day)
        let cutoff = test.now.addingTimeInterval(-30 * Self.day)
        _ = try await test.ledger.write { try $0.pruneMemory(before: cutoff) }
        #expect(try await test.ledger.write { try $0.isOwnCall(requestID: "r1") } == false)
    }

    @Test func `a backup holds what the ledger holds, for its owner alone, and replaces nothing`() async throws {
        try await test.ledger.finish("e", .reverting)
        let copy = test.directory + "/copy.db"
        let reader = try LedgerReader(path: test.path)
        #expect(try reader.backup(to: copy) == reader.verify())
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        #expect(try LedgerReader(path: copy).verify() == reader.verify())
        #expect(throws: LedgerError.exists(path: copy)) { try reader.backup(to: copy) }
        #expect(throws: LedgerError.self) { try reader.backup(to: test.directory + "/no/copy.db") }
        let files = try FileManager.default.contentsOfDirectory(atPath: test.directory)
        #expect(Set(files) == ["ledger.db", "ledger.db-journal", "ledger.db-turn", "copy.db"])
    }
}
