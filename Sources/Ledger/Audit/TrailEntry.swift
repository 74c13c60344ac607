import Formats
import GRDB
import Hashing

/// One entry of the audit trail.
struct TrailEntry: Hashable {
    /// The columns of the table, in the order in which a row is read and written.
    static let columns = "seq, at, event_id, worker, kind, before, entry, entry_hash, hash"
    /// The hash that stands before the first entry.
    static let genesis = String(repeating: "0", count: 64)

    let seq: Int64
    let at: String
    let eventID: String?
    let worker: String
    /// The raw value of a `TrailKind`, or another text if somebody changed it.
    let kind: String
    /// The number of the event's previous entry.
    let before: Int64?
    /// A JSON object with sorted keys; nil once a prune has emptied it.
    let entry: String?
    /// SHA-256 over `entry`, lower-case hexadecimal. It stays when the entry is emptied.
    let entryHash: String
    /// The hash that links the entry to the one before it, lower-case hexadecimal.
    var hash = ""

    /// Returns the SHA-256 of the previous hash and the entry. It covers a JSON array, because texts that are merely
    /// joined could exchange characters at their borders.
    func hash(after previous: String) -> String {
        Self.hash(
            after: previous,
            seq: seq,
            at: at,
            eventID: eventID,
            worker: worker,
            kind: kind,
            before: before,
            entryHash: entryHash
        )
    }

    static func hash(
        after previous: String,
        seq: Int64,
        at: String,
        eventID: String?,
        worker: String,
        kind: String,
        before: Int64?,
        entryHash: String
    ) -> String {
        var json = JSONWriter(capacity: 320)
        json.array {
            $0.value(.text(previous))
            $0.value(.integer(seq))
            $0.value(.text(at))
            $0.value(AuditValue(eventID))
            $0.value(.text(worker))
            $0.value(.text(kind))
            $0.value(before.map(AuditValue.integer) ?? .null)
            $0.value(.text(entryHash))
        }
        return Digest.hex(Digest.sha256(json.bytes))
    }

    /// True if the text is the one that was written, or was emptied.
    var hasItsText: Bool {
        entry.map { Digest.hex(Digest.sha256(Array($0.utf8))) == entryHash } ?? true
    }

    /// Returns the members of the entry; none for one that was emptied.
    ///
    /// - Throws: `JSONError` if it is no JSON object.
    func fields() throws -> [String: JSON] {
        try entry.map(JSON.object) ?? [:]
    }
}

extension TrailEntry {
    /// Reads a row of `columns`.
    init(_ row: Row) {
        self.init(
            seq: row[0],
            at: row[1],
            eventID: row[2],
            worker: row[3],
            kind: row[4],
            before: row[5],
            entry: row[6],
            entryHash: row[7],
            hash: row[8]
        )
    }

    /// The entries from `seq` on.
    static func page(from seq: Int64, limit: Int, in db: Database) throws -> [TrailEntry] {
        let sql = "SELECT \(columns) FROM trail WHERE seq >= ? ORDER BY seq LIMIT ?"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [seq, limit]).map(TrailEntry.init)
    }

    /// The entry with this number.
    static func entry(_ seq: Int64, in db: Database) throws -> TrailEntry? {
        let sql = "SELECT \(columns) FROM trail WHERE seq = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [seq]).map(TrailEntry.init)
    }

    /// The entries of one event, oldest first, found by the links from its latest one. Those from before a prune are
    /// gone.
    static func entries(of eventID: String, in db: Database) throws -> [TrailEntry] {
        let sql = "SELECT last_seq FROM events WHERE event_id = ?"
        var next = try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [eventID])
        var found: [TrailEntry] = []
        while let seq = next, let entry = try entry(seq, in: db), entry.eventID == eventID {
            found.append(entry)
            // A link points to a smaller number, so following links always ends.
            next = entry.before.flatMap { $0 < seq ? $0 : nil }
        }
        return found.reversed()
    }
}
