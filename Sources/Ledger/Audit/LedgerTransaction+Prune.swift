import Formats
package import Foundation
import GRDB

extension LedgerDatabase {
    /// The time in which a duplicate or a replay of an event can still come: the longest retention, 14 days, of two
    /// queues.
    package static let dedupeHorizon: TimeInterval = 28 * 86_400
    /// The time for which ignored and dead-lettered events stay.
    package static let shortHorizon: TimeInterval = 86_400
}

extension LedgerTransaction {
    /// Drops up to `limit` of the oldest entries of the trail from before `cutoff`, with the events that only they tell
    /// of. Then drops as many ignored and dead-lettered events from before `cutoff`.
    ///
    /// An event stays if it is unfinished, is younger, or still has a notice to send; a new entry restates it. A
    /// checkpoint keeps the last dropped entry, so that the rest of the chain can be verified. Call it again, each time
    /// in a transaction of its own so that workers can write in between, until it drops nothing.
    ///
    /// - Precondition: `cutoff` is at least `LedgerDatabase.shortHorizon` ago, else nothing is dropped. If it is less
    ///   than `dedupeHorizon` ago, only ignored and dead-lettered events are dropped.
    package func prune(before cutoff: Date, limit: Int = 5000) throws -> PruneCount {
        var count = PruneCount()
        guard cutoff <= now.addingTimeInterval(-LedgerDatabase.shortHorizon) else { return count }
        let before = RFC3339.format(cutoff)
        if cutoff <= now.addingTimeInterval(-LedgerDatabase.dedupeHorizon) {
            count = try pruneTrail(before: before, limit: limit)
        }
        guard count.entries == 0 else { return count }
        return try pruneShort(before: before, limit: limit)
    }

    /// Forgets what no event can ask about any more: the worker's own calls, groups that stopped matching the policy, and
    /// contents of rules that are gone. Each stays for at least 28 days.
    ///
    /// - Parameter limit: The largest number of rule contents to drop. To be called, each time in a transaction of its own,
    ///   until it returns 0.
    /// - Returns: The number of rule contents that were dropped.
    package func pruneMemory(before cutoff: Date, limit: Int = 5000) throws -> Int {
        let before = RFC3339.format(min(cutoff, now.addingTimeInterval(-LedgerDatabase.dedupeHorizon)))
        try run("DELETE FROM own_calls WHERE at < ?", [before])
        try run("DELETE FROM watched_groups WHERE ended_at < ?", [before])
        return try pruneSightings(before: before, limit: limit)
    }

    /// Drops the beginning of the trail.
    private func pruneTrail(before: String, limit: Int) throws -> PruneCount {
        var count = PruneCount()
        let first: Int64 = try row("SELECT min(seq) FROM trail", [])?[0] ?? 0
        let young = try row("SELECT min(seq) FROM trail WHERE seq < ? AND at >= ?", [first + Int64(limit), before])
        // The head itself stays, so that the chain always has a first entry.
        let head: Int64 = try row("SELECT max(seq) FROM trail", [])?[0] ?? 0
        let end = min(young?[0] ?? first + Int64(limit), head)
        guard end > first, let last = try TrailEntry.entry(end - 1, in: db) else { return count }
        count.entries = Int(end - first)
        let dropped = try triage(end: end, before: before)
        count.events = dropped.count
        let previousHash = try TrailEntry.entry(end - 2, in: db)?.hash ?? (try hash(before: end - 1))
        try appendCheckpoint(last: last, previousHash: previousHash, before: before, count: count)
        try drop(dropped)
        try db.execute(sql: "DROP TRIGGER trail_stays")
        try run("DELETE FROM trail WHERE seq < ?", [end])
        try db.execute(sql: Schema.trailStays)
        return count
    }

    /// The hash of an entry that is no longer in the trail: the last one that the latest prune dropped, or the genesis
    /// hash.
    private func hash(before seq: Int64) throws -> String {
        let sql = "SELECT \(TrailEntry.columns) FROM trail WHERE kind = 'pruned' ORDER BY seq DESC LIMIT 1"
        let checkpoint = try row(sql, []).flatMap { PruneCheckpoint(TrailEntry($0)) }
        return checkpoint.flatMap { $0.last.seq == seq - 1 ? $0.last.hash : nil } ?? TrailEntry.genesis
    }

    private func drop(_ numbers: [Int64]) throws {
        for number in numbers {
            try run(
                """
                DELETE FROM notice_deliveries WHERE notice_id IN
                    (SELECT id FROM notices WHERE event_id = (SELECT event_id FROM events WHERE number = ?))
                """,
                [number]
            )
            try run("DELETE FROM notices WHERE event_id = (SELECT event_id FROM events WHERE number = ?)", [number])
            for table in ["rules", "deliveries", "events"] {
                try run("DELETE FROM \(table) WHERE number = ?", [number])
            }
        }
    }

    /// Finds the events of the entries before `end`. Returns those to drop, and restates those to keep.
    private func triage(end: Int64, before: String) throws -> [Int64] {
        let sql = """
            SELECT events.number, events.event_id, last_seq FROM events
            WHERE event_id IN (SELECT event_id FROM trail WHERE seq < ? AND event_id IS NOT NULL) ORDER BY number
            """
        var dropped: [Int64] = []
        for found in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [end]) {
            let (number, eventID, last): (Int64, String, Int64) = (found[0], found[1], found[2])
            let isOld = try row(AuditQuery.isPrunable, [number, before, before, before]) != nil
            if isOld, last < end {
                dropped.append(number)
            } else if try !isCarried(eventID, from: end) {
                try carry(eventID, number, last)
            }
        }
        return dropped
    }

    /// True if an entry from `end` on restates the event.
    private func isCarried(_ eventID: String, from end: Int64) throws -> Bool {
        try TrailEntry.entries(of: eventID, in: db).contains { $0.seq >= end && $0.kind == TrailKind.carried.rawValue }
    }

    /// Restates an event in a new entry.
    private func carry(_ eventID: String, _ number: Int64, _ lastSeq: Int64) throws {
        guard let event = try AuditQuery.event(eventID, in: db) else { return }
        let rules = try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? []
        // A later run may bring back an outcome of which people were told before.
        let sql = "SELECT kind, sent_at FROM notices WHERE event_id = ? AND sent_at IS NOT NULL ORDER BY kind"
        let told: [(String, String)] = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [eventID]).map {
            ($0[0], $0[1])
        }
        let seq = try append(.carried, eventID: eventID, before: lastSeq) { json in
            json.object("event") {
                for (column, value) in zip(EventColumn.allCases, event.values) where value != .null {
                    // The trail does not record duplicates.
                    if column != .deliveries { $0.member(column.rawValue, value) }
                }
            }
            json.object("notified") { for (outcome, at) in told { $0.member(outcome, .text(at)) } }
            json.array("rules") { for rule in rules { rule.write(to: &$0) } }
        }
        try run("UPDATE events SET last_seq = ?, is_short = 0 WHERE number = ?", [seq, number])
    }
}

extension LedgerTransaction {
    /// Drops ignored and dead-lettered events and empties their entries. The entries keep their places in the chain.
    private func pruneShort(before: String, limit: Int) throws -> PruneCount {
        let sql = """
            SELECT number, last_seq FROM events
            WHERE is_short = 1 AND outcome IN ('ignored', 'dead-lettered') AND lease_owner IS NULL
                AND finished_at < ? AND received_at < ?
                AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.event_id AND state = 'pending')
            LIMIT ?
            """
        let found = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [before, before, limit])
        let letters = try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT seq FROM trail WHERE kind = 'dead-lettered' AND event_id IS NULL AND entry IS NOT NULL
                        AND at < ? LIMIT ?
                    """
            ),
            arguments: [before, limit]
        )
        var count = PruneCount(events: found.count)
        guard !found.isEmpty || !letters.isEmpty else { return count }
        try db.execute(sql: "DROP TRIGGER trail_keeps")
        for row in found { count.entries += try empty(from: row[1]) }
        for seq in letters { try run("UPDATE trail SET entry = NULL WHERE seq = ?", [seq]) }
        count.entries += letters.count
        try db.execute(sql: Schema.trailKeeps)
        try drop(found.map { $0[0] })
        return count
    }

    /// Empties an event's entries, beginning with the latest.
    private func empty(from seq: Int64) throws -> Int {
        var next: Int64? = seq
        var count = 0
        while let seq = next {
            next = try row("SELECT before FROM trail WHERE seq = ?", [seq])?[0]
            try run("UPDATE trail SET entry = NULL WHERE seq = ?", [seq])
            count += 1
        }
        return count
    }
}

extension AuditQuery {
    /// True for an event that may be dropped: finished, not claimed, old by each of its times, and with no notice to
    /// send.
    static let isPrunable = """
        SELECT 1 FROM events WHERE number = ? AND lease_owner IS NULL AND finished_at < ? AND received_at < ?
            AND coalesce(event_time, '') < ?
            AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.event_id AND state = 'pending')
        """
}

extension LedgerReader {
    /// The number of events that a prune would drop.
    ///
    /// - Throws: `LedgerError`.
    package func prunableCount(before cutoff: Date, now: Date = Date()) throws -> Int {
        let before = RFC3339.format(cutoff)
        let isAll = cutoff <= now.addingTimeInterval(-LedgerDatabase.dedupeHorizon)
        let sql = """
            SELECT count(*) FROM events WHERE lease_owner IS NULL AND finished_at < ? AND received_at < ?
                AND (? AND coalesce(event_time, '') < ? OR is_short = 1 AND outcome IN ('ignored', 'dead-lettered'))
                AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.event_id AND state = 'pending')
            """
        return try read { try Int.fetchOne($0, sql: sql, arguments: [before, before, isAll, before]) ?? 0 }
    }
}
