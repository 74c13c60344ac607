import Formats
import Foundation
import GRDB

/// One transaction on the ledger: what is written in it stands whole or not at all. Not to be kept beyond the closure
/// that got it.
package struct LedgerTransaction {
    let db: Database
    let path: String
    let worker: String
    let lease: Duration
    /// When the transaction began to write, the same for all that it writes.
    let now: Date

    /// Whether one of this ledger's workers made the call with EC2's id `requestID`, so that CloudTrail's record of
    /// it is our own echo.
    package func isOwnCall(requestID: String) throws -> Bool {
        try row("SELECT 1 FROM own_calls WHERE request_id = ?", [requestID.bounded]) != nil
    }

    /// Adds to the trail what has no other place, such as a dead letter without an event id.
    ///
    /// - Parameter kind: One word that tells entries of this kind from others.
    package func note(kind: String, eventID: String? = nil, entry: [String: AuditValue]) throws {
        try append(kind, eventID: eventID?.bounded, entry.mapValues(JSON.init))
    }

    /// Every change is told here in the transaction that makes it. The transaction has the write lock, so that the
    /// writers of all processes lengthen one chain.
    func append(_ kind: String, eventID: String?, _ entry: [String: JSON]) throws {
        let head = try row("SELECT seq, hash FROM trail ORDER BY seq DESC LIMIT 1", [])
        let entry = TrailEntry(
            seq: (head?[0] ?? 0) + 1,
            at: RFC3339.format(now),
            eventID: eventID,
            worker: worker,
            kind: kind.bounded,
            entry: JSON.object(entry).text
        )
        try run(
            "INSERT INTO trail (\(TrailEntry.columns)) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                entry.seq, entry.at, entry.eventID, entry.worker, entry.kind, entry.entry,
                entry.hash(after: head?[1] ?? TrailEntry.genesis),
            ]
        )
    }

    /// The end of a span that begins now, as the ledger writes it.
    func text(after duration: Duration) -> String {
        RFC3339.format(now.addingTimeInterval(duration / .seconds(1)))
    }

    /// Runs a statement, which is compiled once; values are bound, never part of it.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a statement's answer.
    func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// A value of a closed set, from a file that anybody may have edited.
    func parse<T: RawRepresentable<String>>(_ text: String) throws -> T {
        guard let value = T(rawValue: text) else {
            throw LedgerError.damaged(path: path, detail: "\(T.self) has no value '\(text)'")
        }
        return value
    }
}
