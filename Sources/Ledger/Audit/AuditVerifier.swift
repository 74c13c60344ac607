import GRDB

extension LedgerReader {
    /// The first entry of the trail, and the last prune.
    static func beginning(_ db: Database) throws -> [Int64?] {
        [
            try Int64.fetchOne(db, sql: "SELECT min(seq) FROM trail"),
            try Int64.fetchOne(db, sql: "SELECT max(seq) FROM trail WHERE kind = 'pruned'"),
        ]
    }
}

/// Compares a ledger with its trail and collects the findings.
final class AuditVerifier {
    private let reader: LedgerReader
    private let anchor: Anchor?
    private let progress: (Double) -> Void
    private var findings: [AuditFinding] = []
    private var unlisted = 0
    private var gaps: [AuditVerification.Gap] = []

    private static let pageSize = 500

    init(reader: LedgerReader, anchor: Anchor?, progress: @escaping (Double) -> Void) {
        self.reader = reader
        self.anchor = anchor
        self.progress = progress
    }

    func run() throws -> AuditVerification {
        try reader.read(checkSchema)
        try checkFile()
        var (entries, head, events): (Int, Anchor?, Int) = (0, nil, 0)
        do {
            (entries, head) = try checkChain()
            events = try checkViews()
        } catch LedgerError.failed where findings.contains(where: \.isOfSchema) {
            // A table or a column is missing, as the findings say. Nothing can be compared without it.
        }
        if unlisted > 0 { findings.append(.more(count: unlisted)) }
        return AuditVerification(entries: entries, events: events, anchor: head, gaps: gaps, findings: findings)
    }

    private func note(_ finding: AuditFinding) {
        guard !findings.contains(finding) else { return }
        if findings.count < AuditVerification.findingLimit { findings.append(finding) } else { unlisted += 1 }
    }

    private func checkSchema(_ db: Database) throws {
        let expected = try DatabaseQueue().write { fresh in
            for migration in Schema.migrations { try migration(fresh) }
            return try Schema.definitions(in: fresh)
        }
        // SQLite makes its own tables of statistics.
        let found = try Schema.definitions(in: db).filter { !$0.key.hasPrefix("sqlite_") }
        for name in Set(expected.keys).union(found.keys).sorted() where expected[name] != found[name] {
            note(.schema(name: name))
        }
    }

    /// Has SQLite check the file, one table with its indexes at a time.
    private func checkFile() throws {
        let tables = try reader.read {
            try String.fetchAll($0, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        }
        for table in tables {
            let name = table.replacing("\"", with: "\"\"")
            let answers = try reader.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(\"\(name)\")") }
            for answer in answers where answer != "ok" { note(.damaged(detail: answer)) }
        }
    }

    private func checkChain() throws -> (count: Int, head: Anchor?) {
        let (start, last) = try reader.read { (try self.start(in: $0), try Self.lastEntry($0)) }
        var walk = ChainWalk(head: start, anchor: anchor)
        walk.begin().forEach(note)
        while true {
            let from = (walk.head?.seq ?? 0) + 1
            let page = try reader.read { db in
                let page = try TrailEntry.page(from: from, limit: Self.pageSize, in: db)
                if let last = page.last { try self.checkEvents(from: from, to: last.seq, in: db) }
                return page
            }
            for entry in page {
                walk.check(entry).forEach(note)
                if entry.kind == TrailKind.pruned.rawValue { checkPrune(entry) }
            }
            progress(0.5 * Double(walk.head?.seq ?? 0) / Double(max(last, 1)))
            guard page.count == Self.pageSize else { break }
        }
        walk.end().forEach(note)
        return (walk.count, walk.head)
    }

    /// The entry before the first one: nil for a whole trail, else the entry that the latest prune kept whole.
    private func start(in db: Database) throws -> Anchor? {
        guard let first = try TrailEntry.page(from: 0, limit: 1, in: db).first, first.seq != 1 else { return nil }
        let sql = "SELECT \(TrailEntry.columns) FROM trail WHERE kind = 'pruned' ORDER BY seq DESC LIMIT 1"
        let checkpoint = try Row.fetchOne(db, sql: sql).flatMap { PruneCheckpoint(TrailEntry($0)) }
        guard let checkpoint, checkpoint.last.seq == first.seq - 1, checkpoint.isWhole else {
            note(.removed(from: 1, to: first.seq - 1))
            return Anchor(seq: first.seq - 1, hash: "")
        }
        return Anchor(seq: checkpoint.last.seq, hash: checkpoint.last.hash)
    }

    /// Checks that a prune dropped only entries older than the horizon.
    private func checkPrune(_ entry: TrailEntry) {
        guard let checkpoint = PruneCheckpoint(entry), checkpoint.isWhole else {
            return note(.unreadable(seq: entry.seq))
        }
        if !checkpoint.isOldEnough {
            note(
                .youngPrune(
                    seq: entry.seq,
                    from: checkpoint.last.seq - checkpoint.entries + 1,
                    to: checkpoint.last.seq,
                    at: checkpoint.last.at
                )
            )
        }
        gaps.append(checkpoint.gap)
    }

    private static func lastEntry(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT max(seq) FROM trail") ?? 0
    }

    /// Checks that the views have every event of the trail, and that no event in them has an entry that was emptied.
    private func checkEvents(from: Int64, to: Int64, in db: Database) throws {
        let kinds = TrailKind.allCases.filter(\.tellsOfEvent).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let sql = """
            SELECT trail.event_id, seq, events.last_seq, entry IS NULL FROM trail LEFT JOIN events USING (event_id)
            WHERE seq BETWEEN ? AND ? AND kind IN (\(kinds)) AND trail.event_id IS NOT NULL
                AND iif(entry IS NULL, events.number IS NOT NULL, events.number IS NULL OR events.last_seq < seq)
            """
        for row in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [from, to]) {
            let (eventID, seq, last, isEmptied): (String, Int64, Int64?, Bool) = (row[0], row[1], row[2], row[3])
            if isEmptied {
                // An event that was pruned and then came again has a new row, whose entries do not lead back to these.
                let own = try TrailEntry.entries(of: eventID, in: db)
                if own.contains(where: { $0.seq == seq }) { note(.emptied(seq: seq)) }
            } else {
                note(last == nil ? .missingEvent(eventID: eventID, seq: seq) : .hidden(eventID: eventID, seq: seq))
            }
        }
    }

    private func checkViews() throws -> Int {
        let total = max(try reader.count(matching: EventFilter()), 1)
        var count = 0
        var cursor: EventCursor?
        while true {
            let after = cursor
            let page = try reader.read { db in
                let span = AuditQuery.Span(after: after, through: nil)
                let events = try AuditQuery.events(matching: EventFilter(), in: span, limit: Self.pageSize, db)
                let rules = try AuditQuery.rules(of: events.map(\.eventID), in: db)
                for event in events {
                    let entries = try TrailEntry.entries(of: event.eventID, in: db)
                    EventReplay(entries).check(event, rules[event.eventID] ?? []).forEach(self.note)
                }
                return events
            }
            count += page.count
            cursor = page.last?.cursor
            progress(0.5 + 0.5 * Double(count) / Double(total))
            guard page.count == Self.pageSize else { break }
        }
        let sql = "SELECT DISTINCT number FROM rules WHERE number NOT IN (SELECT number FROM events) LIMIT 100"
        for number in try reader.read({ try Int64.fetchAll($0, sql: sql) }) {
            note(.strayEvent(eventID: "number \(number)"))
        }
        return count
    }
}
