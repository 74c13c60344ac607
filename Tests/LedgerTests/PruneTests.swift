import Foundation
import Ledger
import SecurityGroups
import Testing

@Suite struct PruneTests {
    let test: TestLedger
    let ledger: LedgerDatabase

    init() throws {
        test = try TestLedger()
        ledger = try test.open()
    }

    private static let day: Double = 86_400

    /// Prunes in transactions of `limit` entries until nothing is left to drop.
    private func prune(days: Double, limit: Int = 5000) async throws -> PruneCount {
        let cutoff = test.now.addingTimeInterval(-days * Self.day)
        var total = PruneCount()
        while true {
            let count = try await ledger.write { try $0.prune(before: cutoff, limit: limit) }
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
        try await ledger.finish("old-1", .reverting)
        let anchor = try #require(try await ledger.write { try $0.anchor() })
        try await ledger.finish("failed", RunResult(outcome: .failed, rules: [.rule("sgr-1", .failed)]))
        try await ledger.finish("old-2", RunResult(outcome: .allowed))
        let untold = try await ledger.claim(.full("untold")).claim
        try await untold.finish(in: ledger, .reverting, notify: true)
        let held = try await ledger.claim(.full("held", time: test.now)).claim
        try await ledger.write { try $0.note(kind: "dead-lettered", entry: ["message_id": .text("m")]) }
        test.advance(40 * Self.day)
        try await ledger.finish("new", .reverting)

        let expected = try LedgerReader(path: test.path).prunableCount(
            before: test.now.addingTimeInterval(-30 * Self.day)
        )
        let count = try await prune(days: 30, limit: limit)
        // Small steps restate some of what they meet half of; that goes with the next prune.
        #expect(expected == 2 && (limit < 5000 || count == PruneCount(events: 2, entries: 10)))
        if limit == 5000 { #expect(try ids() == "failed held new untold") }
        let reader = try LedgerReader(path: test.path)
        _ = try reader.verify()
        #expect(throws: AuditFinding.self) { try reader.verify(anchor: anchor) }

        // What was kept goes on as if nothing had been.
        try await held.finish(in: ledger, RunResult(outcome: .failed))
        let notices = try await ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        #expect(notices.map(\.eventID) == ["untold"])
        for notice in notices { try await ledger.write { try $0.noticeSent(notice) } }
        try await ledger.finish("failed", .reverting)
        try await ledger.finish("held", .reverting)
        _ = try reader.verify()
        test.advance(60 * Self.day)
        _ = try await prune(days: 30, limit: limit)
        test.advance(60 * Self.day)
        _ = try await prune(days: 30)
        #expect(try ids() == nil)
        #expect(try reader.verify().events == 0)
    }

    @Test func `nothing younger than the horizon goes`() async throws {
        try await ledger.finish("e", RunResult(outcome: .allowed))
        test.advance(27 * Self.day)
        #expect(try await prune(days: 1) == PruneCount())
        #expect(try ids() == "e")
    }

    @Test func `a checkpoint is part of the chain`() async throws {
        try await ledger.finish("e", RunResult(outcome: .allowed))
        test.advance(40 * Self.day)
        try await ledger.finish("f", RunResult(outcome: .allowed))
        _ = try await prune(days: 30)
        let reader = try LedgerReader(path: test.path)
        #expect(try reader.verify().entries == 3)
        try test.execute(
            "DROP TRIGGER trail_keeps; UPDATE trail SET entry = replace(entry, '\"through\":2', '\"through\":1')"
        )
        #expect(try test.value("SELECT seq FROM trail WHERE entry LIKE '%\"through\":1,%'") == "5")
        try test.execute(
            "CREATE TRIGGER trail_keeps BEFORE UPDATE ON trail\n"
                + "    BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
        )
        #expect(throws: AuditFinding.removed(from: 1, to: 2)) { try reader.verify() }
    }

    @Test func `our own calls are forgotten in time`() async throws {
        try await ledger.finish("e", .reverting)
        test.advance(40 * Self.day)
        let cutoff = test.now.addingTimeInterval(-30 * Self.day)
        try await ledger.write { try $0.pruneOwnCalls(before: cutoff) }
        #expect(try await ledger.write { try $0.isOwnCall(requestID: "r1") } == false)
    }

    @Test func `a backup holds what the ledger holds, for its owner alone, and replaces nothing`() async throws {
        try await ledger.finish("e", .reverting)
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
