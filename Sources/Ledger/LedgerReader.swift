import Foundation
import GRDB

/// Reads a ledger beside the workers that write it: makes no file, changes none, and keeps no lock from one call to
/// the next.
package struct LedgerReader: Sendable {
    /// The file, as an absolute path.
    package let path: String
    let queue: DatabaseQueue

    /// Opens the ledger at `path`, which must exist.
    ///
    /// - Throws: `LedgerError`.
    package init(path: String) throws {
        let path = URL(fileURLWithPath: path).path
        self.path = path
        try LedgerFile.check(path)
        var configuration = Configuration.ledger { try $0.execute(sql: "PRAGMA query_only = 1") }
        configuration.readonly = true
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { db in
                guard try Schema.checkedVersion(of: db, path: path) > 0 else {
                    throw LedgerError.notALedger(path: path)
                }
            }
        } catch {
            throw LedgerError.translate(error, path: path)
        }
    }

    /// One page of the events that `filter` lets through, newest event first, those without a time last.
    ///
    /// - Parameter after: The cursor of the last row of the page before. Pages share no row and skip none that was
    ///   there all along.
    package func events(matching filter: EventFilter, after: EventCursor?, limit: Int) throws -> [AuditEvent] {
        try read { try AuditQuery.events(matching: filter, after: after, limit: limit, in: $0) }
    }

    /// How many events `filter` lets through.
    package func count(matching filter: EventFilter) throws -> Int {
        try read { try AuditQuery.count(matching: filter, in: $0) }
    }

    /// The rules of each of the events, in the order in which they were recorded; an event without rules is left out.
    package func rules(of eventIDs: [String]) throws -> [String: [AuditRule]] {
        try read { try AuditQuery.rules(of: eventIDs, in: $0) }
    }

    /// The same, for what a ledger has only since its trail is chained.
    func readTrail<T>(_ body: (Database) throws -> T) throws -> T {
        try read { db in
            guard try Schema.checkedVersion(of: db, path: path) == Schema.migrations.count else {
                throw LedgerError.fromThePast(path: path)
            }
            return try body(db)
        }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try queue.read(body)
        } catch {
            throw LedgerError.translate(error, path: path)
        }
    }
}
