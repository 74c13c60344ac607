import GRDB

/// What was found in order.
package struct AuditVerification: Hashable, Sendable {
    /// How many entries the chain has.
    package let entries: Int
    /// How many events the views show.
    package let events: Int
    /// The head of the trail; null for an empty one.
    package let anchor: Anchor?
}

extension LedgerReader {
    /// Recomputes the chain over the trail and holds both views against it, every column but `deliveries`.
    ///
    /// It reads in short pages, beside workers that write, and with the memory of one page.
    ///
    /// - Parameters:
    ///   - anchor: A head of the trail from an earlier time, which must still be in it.
    ///   - progress: Called with the share done, from 0 to 1.
    /// - Throws: `AuditFinding`, the first that is wrong; `LedgerError` when the ledger cannot be read.
    package func verify(
        anchor: Anchor? = nil,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws -> AuditVerification {
        var first = try readTrail(Self.firstEntry)
        while true {
            do {
                return try AuditVerifier(reader: self, anchor: anchor, progress: progress).run()
            } catch let finding as AuditFinding {
                // A prune under way moves the beginning of the trail: what was missed then is no finding.
                let now = try readTrail(Self.firstEntry)
                guard now != first else { throw finding }
                first = now
            } catch LedgerError.damaged(_, let detail) {
                throw AuditFinding.damaged(detail: detail)
            }
        }
    }

    private static func firstEntry(_ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT min(seq) FROM trail")
    }
}

private struct AuditVerifier {
    let reader: LedgerReader
    let anchor: Anchor?
    let progress: (Double) -> Void

    private static let pageSize = 500

    func run() throws -> AuditVerification {
        try reader.readTrail(checkSchema)
        let (entries, head) = try checkChain()
        return AuditVerification(entries: entries, events: try checkViews(), anchor: head)
    }

    private func checkSchema(_ db: Database) throws {
        let expected = try DatabaseQueue().write { fresh in
            for migration in Schema.migrations { try migration(fresh) }
            return try Schema.definitions(in: fresh)
        }
        // SQLite's own tables of statistics are nobody's forgery.
        let found = try Schema.definitions(in: db).filter { !$0.key.hasPrefix("sqlite_") }
        let names = Set(expected.keys).union(found.keys).sorted()
        if let name = names.first(where: { expected[$0] != found[$0] }) { throw AuditFinding.schema(name: name) }
    }

    private func checkChain() throws -> (count: Int, head: Anchor?) {
        let (start, last) = try reader.readTrail { (try Self.start(in: $0), try Self.lastEntry($0)) }
        var head = start
        var count = 0
        if let anchor, let start, anchor.seq < start.seq {
            throw AuditFinding.anchorPruned(anchor: anchor.seq, first: start.seq + 1)
        }
        try check(head)
        while true {
            let from = (head?.seq ?? 0) + 1
            let page = try reader.readTrail { db in
                let page = try TrailEntry.page(from: from, limit: Self.pageSize, in: db)
                if let last = page.last { try Self.checkEvents(from: from, to: last.seq, in: db) }
                return page
            }
            for entry in page {
                let expected = (head?.seq ?? 0) + 1
                guard entry.seq == expected else {
                    throw AuditFinding.removed(from: expected, to: entry.seq - 1)
                }
                guard entry.hash == entry.hash(after: head?.hash ?? TrailEntry.genesis) else {
                    throw AuditFinding.broken(seq: entry.seq)
                }
                head = Anchor(seq: entry.seq, hash: entry.hash)
                try check(head)
                count += 1
            }
            progress(0.5 * Double(head?.seq ?? 0) / Double(max(last, 1)))
            guard page.count == Self.pageSize else { break }
        }
        if let anchor, anchor.seq > head?.seq ?? 0 {
            throw AuditFinding.truncated(head: head?.seq ?? 0, anchor: anchor.seq)
        }
        return (count, head)
    }

    private func check(_ head: Anchor?) throws(AuditFinding) {
        if let anchor, head?.seq == anchor.seq, head != anchor { throw .rewritten(anchor: anchor.seq) }
    }

    /// The entry before the first: null for a whole trail, else what the checkpoint of a prune says it was.
    private static func start(in db: Database) throws -> Anchor? {
        guard let first = try TrailEntry.page(from: 0, limit: 1, in: db).first, first.seq != 1 else { return nil }
        let sql = "SELECT \(TrailEntry.columns) FROM trail WHERE kind = ? ORDER BY seq DESC LIMIT 1"
        let checkpoint = try Row.fetchOne(db, sql: sql, arguments: [EventReplay.Kind.pruned])
        let fields = try? checkpoint.map { try TrailEntry($0).fields() }
        guard let through = fields?["through"]?.integer, through == first.seq - 1,
            let hash = fields?["through_hash"]?.string
        else { throw AuditFinding.removed(from: 1, to: first.seq - 1) }
        return Anchor(seq: through, hash: hash)
    }

    private static func lastEntry(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT max(seq) FROM trail") ?? 0
    }

    /// No event that the trail tells of may be missing.
    private static func checkEvents(from: Int64, to: Int64, in db: Database) throws {
        let sql = """
            SELECT event_id, seq FROM trail
            WHERE seq BETWEEN ? AND ? AND kind IN ('claimed', 'finished', 'notified', 'carried')
                AND event_id IS NOT NULL AND event_id NOT IN (SELECT event_id FROM events) LIMIT 1
            """
        if let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [from, to]) {
            throw AuditFinding.missingEvent(eventID: row[0], seq: row[1])
        }
    }

    private func checkViews() throws -> Int {
        let total = max(try reader.count(matching: EventFilter()), 1)
        var count = 0
        var cursor: EventCursor?
        while true {
            let after = cursor
            let page = try reader.readTrail { db in
                let events = try AuditQuery.events(
                    matching: EventFilter(),
                    after: after,
                    limit: Self.pageSize,
                    in: db
                )
                let rules = try AuditQuery.rules(of: events.map(\.eventID), in: db)
                for event in events {
                    let entries = try TrailEntry.entries(of: event.eventID, in: db)
                    try EventReplay(entries).check(event, rules[event.eventID] ?? [])
                }
                return events
            }
            count += page.count
            cursor = page.last?.cursor
            progress(0.5 + 0.5 * Double(count) / Double(total))
            guard page.count == Self.pageSize else { break }
        }
        try reader.readTrail { db in
            let sql = "SELECT event_id FROM rules WHERE event_id NOT IN (SELECT event_id FROM events) LIMIT 1"
            if let eventID = try String.fetchOne(db, sql: sql) { throw AuditFinding.strayEvent(eventID: eventID) }
        }
        return count
    }
}
