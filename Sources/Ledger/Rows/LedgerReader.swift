import Foundation
import GRDB

/// Reads a ledger while workers write it. It creates no file, changes none, and holds no lock between two calls.
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

    /// The number of events that one read looks at, so that it delays writers by some milliseconds at most.
    static let stretch = 5000

    /// Returns one page of the events that `filter` matches, newest first, those without a time last.
    ///
    /// - Parameter after: The cursor of the last row of the page before. Pages share no row, and skip none that was
    ///   there all the time.
    package func events(matching filter: EventFilter, after: EventCursor?, limit: Int) throws -> [AuditEvent] {
        guard filter.isSearch else {
            return try read {
                try AuditQuery.events(matching: filter, in: .init(after: after, through: nil), limit: limit, $0)
            }
        }
        var found: [AuditEvent] = []
        var cursor = after
        repeat {
            let (page, end) = try read { db in
                let span = try AuditQuery.span(after: cursor, of: filter, rows: Self.stretch, db)
                return (
                    try AuditQuery.events(matching: filter, in: span, limit: limit - found.count, db), span.through
                )
            }
            found += page
            cursor = end
        } while cursor != nil && found.count < limit
        return found
    }

    /// The number of events that `filter` matches.
    package func count(matching filter: EventFilter) throws -> Int {
        var count = 0
        var cursor: EventCursor?
        repeat {
            let (found, end) = try read { db in
                let span = try AuditQuery.span(after: cursor, of: filter, rows: 10 * Self.stretch, db)
                return (try AuditQuery.count(matching: filter, in: span, db), span.through)
            }
            count += found
            cursor = end
        } while cursor != nil
        return count
    }

    /// The rules of the events, in the order in which they were recorded. An event without rules is missing.
    package func rules(of eventIDs: [String]) throws -> [String: [AuditRule]] {
        try read { try AuditQuery.rules(of: eventIDs, in: $0) }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try queue.read(body)
        } catch {
            throw LedgerError.translate(error, path: path)
        }
    }
}
