import GRDB
import Hashing

/// One entry of the audit trail.
struct TrailEntry: Hashable {
    /// The columns of the table, in the order in which a row is read and written.
    static let columns = "seq, at, event_id, worker, kind, entry, hash"
    /// What stands in place of a hash before the first entry.
    static let genesis = String(repeating: "0", count: 64)

    let seq: Int64
    let at: String
    let eventID: String?
    let worker: String
    let kind: String
    /// A JSON object with sorted keys.
    let entry: String
    /// The link to the entry before: lower-case hexadecimal.
    var hash = ""

    /// SHA-256 over the entry and its predecessor's hash. A JSON array, since texts that are merely joined could trade
    /// characters across their borders.
    func hash(after previous: String) -> String {
        let content: JSON = .array([
            .string(previous), .integer(seq), .string(at), JSON(eventID), .string(worker), .string(kind),
            .string(entry),
        ])
        return Digest.hex(Digest.sha256(content.text.utf8))
    }

    /// What the entry says, by name.
    ///
    /// - Throws: `DecodingError` when it is no JSON object.
    func fields() throws -> [String: JSON] {
        try JSON.object(entry)
    }
}

extension TrailEntry {
    /// A row of `columns`.
    init(_ row: Row) {
        self.init(
            seq: row[0],
            at: row[1],
            eventID: row[2],
            worker: row[3],
            kind: row[4],
            entry: row[5],
            hash: row[6]
        )
    }

    /// The entries from `seq` on.
    static func page(from seq: Int64, limit: Int, in db: Database) throws -> [TrailEntry] {
        let sql = "SELECT \(columns) FROM trail WHERE seq >= ? ORDER BY seq LIMIT ?"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [seq, limit]).map(TrailEntry.init)
    }

    /// The entries of one event, oldest first.
    static func entries(of eventID: String, in db: Database) throws -> [TrailEntry] {
        let sql = "SELECT \(columns) FROM trail WHERE event_id = ? ORDER BY seq"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [eventID]).map(TrailEntry.init)
    }
}

extension LedgerReader {
    /// Some entries of the trail as JSON objects of the table's columns, the entry itself an object too; null after the
    /// last.
    ///
    /// - Throws: `LedgerError`.
    package func trailLines(after seq: Int64) throws -> (lines: [String], last: Int64)? {
        let page = try readTrail { try TrailEntry.page(from: seq + 1, limit: 500, in: $0) }
        guard let last = page.last else { return nil }
        return (page.map(\.line), last.seq)
    }
}

extension TrailEntry {
    /// The keys are in the order of `columns`. The entry's own text is JSON already, whose hash would not survive another
    /// spelling.
    fileprivate var line: String {
        let members: [(String, String)] = [
            ("seq", String(seq)), ("at", JSON.string(at).text), ("event_id", JSON(eventID).text),
            ("worker", JSON.string(worker).text), ("kind", JSON.string(kind).text), ("entry", entry),
            ("hash", JSON.string(hash).text),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }
}
