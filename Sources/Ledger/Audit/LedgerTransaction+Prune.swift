import Formats
package import Foundation
import GRDB

/// What a prune drops, or would drop.
package struct PruneCount: Hashable, Sendable {
    /// Events, with their rules and notices.
    package var events: Int
    /// Entries of the trail.
    package var entries: Int

    /// So many, or none yet.
    package init(events: Int = 0, entries: Int = 0) {
        self.events = events
        self.entries = entries
    }
}

extension LedgerDatabase {
    /// The time in which a duplicate or a replay of an event can still come: two queues' longest retention of 14 days.
    package static let dedupeHorizon: TimeInterval = 28 * 86_400
}

extension LedgerTransaction {
    /// Drops up to `limit` of the trail's oldest entries from before `cutoff`, and the events that they alone tell of.
    ///
    /// What is unfinished, younger, or still has people to tell stays, restated in an entry of its own; a checkpoint with
    /// the hash of the last entry dropped keeps the rest of the chain verifiable. To be called, each time in a transaction
    /// of its own so that workers get their turn, until it drops nothing.
    ///
    /// - Precondition: `cutoff` is at least `Ledger.dedupeHorizon` ago; less drops nothing.
    package func prune(before cutoff: Date, limit: Int = 5000) throws -> PruneCount {
        var count = PruneCount()
        guard cutoff <= now.addingTimeInterval(-LedgerDatabase.dedupeHorizon) else { return count }
        let before = RFC3339.format(cutoff)
        let first: Int64 = try row("SELECT min(seq) FROM trail", [])?[0] ?? 0
        let young = try row(
            "SELECT min(seq) FROM trail WHERE seq < ? AND at >= ?",
            [first + Int64(limit), before]
        )
        // The head itself stays, so that the chain always has a beginning.
        let head: Int64 = try row("SELECT max(seq) FROM trail", [])?[0] ?? 0
        let end = min(young?[0] ?? first + Int64(limit), head)
        guard let last = try row("SELECT seq, hash FROM trail WHERE seq < ? ORDER BY seq DESC LIMIT 1", [end]) else {
            return count
        }
        count.entries = Int(end - first)
        let dropped = try triage(end: end, before: before)
        count.events = dropped.count
        try append(
            EventReplay.Kind.pruned,
            eventID: nil,
            [
                "before": .string(before), "through": .integer(last[0]), "through_hash": .string(last[1]),
                "events": .integer(Int64(count.events)), "entries": .integer(Int64(count.entries)),
            ]
        )
        let ids = JSON.array(dropped.map(JSON.string)).text
        try run("DELETE FROM events WHERE event_id IN (SELECT value FROM json_each(?))", [ids])
        try db.execute(sql: "DROP TRIGGER trail_stays")
        try run("DELETE FROM trail WHERE seq < ?", [end])
        try db.execute(sql: Schema.trailStays)
        return count
    }

    /// Forgets the calls of ours that CloudTrail cannot bring back any more.
    package func pruneOwnCalls(before cutoff: Date) throws {
        try run("DELETE FROM own_calls WHERE at < ?", [RFC3339.format(cutoff)])
    }

    /// The events that entries before `end` tell of: answers those to drop, and restates those to keep.
    private func triage(end: Int64, before: String) throws -> [String] {
        let sql = """
            SELECT event_id, max(seq) AS last, max(seq) FILTER (WHERE kind = 'carried') AS carried FROM trail
            WHERE event_id IN (SELECT event_id FROM trail WHERE seq < ? AND event_id IS NOT NULL) GROUP BY event_id
            """
        var dropped: [String] = []
        for found in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [end]) {
            let (eventID, last, carried): (String, Int64, Int64?) = (found[0], found[1], found[2])
            let isOld = try row(AuditQuery.isPrunable, [eventID, before, before, before]) != nil
            if isOld, last < end {
                dropped.append(eventID)
            } else if carried ?? 0 < end, let event = try AuditQuery.event(eventID, in: db) {
                try carry(event)
            }
        }
        return dropped
    }

    /// Restates an event as it stands.
    private func carry(_ event: AuditEvent) throws {
        var entry = AuditEvent.columns.json(event.values)
        // The trail has no word of duplicates.
        entry["deliveries"] = nil
        let worker: String? = try row("SELECT worker FROM events WHERE event_id = ?", [event.eventID])?[0]
        entry["last_worker"] = JSON(worker)
        let rules = try AuditQuery.rules(of: [event.eventID], in: db)[event.eventID] ?? []
        entry["rules"] = .array(rules.map { .object(AuditRule.columns.json($0.values)) })
        try append(EventReplay.Kind.carried, eventID: event.eventID, entry)
    }
}

extension AuditQuery {
    /// Whether an event may be dropped: finished, nobody's at the moment, old by every time that it has, and told.
    static let isPrunable = """
        SELECT 1 FROM events WHERE event_id = ? AND lease_owner IS NULL AND finished_at < ? AND received_at < ?
            AND coalesce(event_time, '') < ?
            AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.event_id AND state = 'pending')
        """
}

extension LedgerReader {
    /// How many events a prune would drop.
    ///
    /// - Throws: `LedgerError`.
    package func prunableCount(before cutoff: Date) throws -> Int {
        let before = RFC3339.format(cutoff)
        let sql = """
            SELECT count(*) FROM events WHERE coalesce(event_time, '') < ? AND lease_owner IS NULL AND finished_at < ?
                AND received_at < ?
                AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.event_id = events.event_id AND state = 'pending')
            """
        return try read { try Int.fetchOne($0, sql: sql, arguments: [before, before, before]) ?? 0 }
    }
}
