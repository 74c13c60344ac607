package import Foundation
import GRDB

/// The record of what became of every event, in one SQLite file that the workers of a host share.
///
/// Journal `TRUNCATE`, synchronous `FULL`: what a write has returned survives a crash and a power cut. Not WAL, which
/// can corrupt the file when several processes write and checkpoint (SQLite 3.7.0 to 3.51.2).
package final class LedgerDatabase: Sendable {
    private let path: String
    private let worker: String
    private let lease: Duration
    private let now: @Sendable () -> Date
    private let queue: DatabaseQueue
    private let turn: WriteTurn

    /// Opens the ledger at `path`, making it (mode 0600) and the directories above it (0700) as needed.
    ///
    /// - Parameters:
    ///   - worker: The name under which this process claims events; it is in the ledger's views.
    ///   - lease: How long a claim or a renewal holds.
    ///   - now: The wall clock, which all workers on the ledger must share.
    /// - Throws: `LedgerError`.
    package init(
        path: String,
        worker: String,
        lease: Duration = .seconds(60),
        now: @escaping @Sendable () -> Date
    ) throws {
        // Absolute, since SQLite reads some relative names, such as `:memory:`, as something other than a file.
        let path = URL(fileURLWithPath: path).path
        self.path = path
        self.worker = worker.bounded
        self.lease = lease
        self.now = now
        try LedgerFile.make(at: path)
        turn = try WriteTurn(path: path)
        do {
            queue = try DatabaseQueue(path: path, configuration: .ledger { try Self.prepare($0, path: path) })
            try queue.writeWithoutTransaction { db in
                try db.inTurn(turn) { try Schema.migrate(db, path: path) }
                try Self.checkSettings(of: db, path: path)
            }
        } catch {
            throw LedgerError.translate(error, path: path)
        }
    }

    /// Runs `body` in a transaction and returns what it returns, once that is on disk.
    ///
    /// A cancelled task writes nonetheless, since what it writes has happened. The caller's thread is not blocked.
    ///
    /// - Throws: What `body` throws, nothing being written then; or `LedgerError`.
    package func write<T: Sendable>(_ body: @Sendable @escaping (LedgerTransaction) throws -> T) async throws -> T {
        try await transaction { try body($0) }
    }

    /// Runs all `bodies` in one transaction, so that they share its cost, and each in a savepoint, so that they share
    /// nothing else.
    ///
    /// - Returns: For each body the error for which it wrote nothing, or null.
    /// - Throws: `LedgerError` when the transaction as a whole failed and nothing was written.
    package func write(_ bodies: [@Sendable (LedgerTransaction) throws -> Void]) async throws -> [(any Error)?] {
        try await transaction { [path] transaction in
            try bodies.map { body in
                do {
                    try transaction.db.inSavepoint {
                        try body(transaction)
                        return .commit
                    }
                    return nil
                } catch {
                    // A full disk, among others, ends the transaction, and with it what the bodies before this one
                    // wrote.
                    guard transaction.db.isInsideTransaction else { throw error }
                    return LedgerError.translate(error, path: path)
                }
            }
        }
    }

    /// On GRDB's own queue and not by its async functions, which would roll back when the task is cancelled.
    private func transaction<T: Sendable>(
        _ body: @Sendable @escaping (LedgerTransaction) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.asyncWriteWithoutTransaction { [path, worker, lease, now, turn] db in
                continuation.resume(
                    with: Result {
                        do {
                            return try db.inTurn(turn) {
                                try body(
                                    LedgerTransaction(db: db, path: path, worker: worker, lease: lease, now: now())
                                )
                            }
                        } catch {
                            throw LedgerError.translate(error, path: path)
                        }
                    }
                )
            }
        }
    }

    /// The journal mode is part of the file, so it is not set before the file is known to be ours.
    private static func prepare(_ db: Database, path: String) throws {
        try db.inTransaction(.deferred) {
            _ = try Schema.checkedVersion(of: db, path: path)
            return .commit
        }
        try db.execute(sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL")
    }

    /// SQLite answers a setting that it does not take with the old value, not with an error.
    private static func checkSettings(of db: Database, path: String) throws {
        for (setting, wanted) in [("journal_mode", "truncate"), ("synchronous", "2"), ("foreign_keys", "1")] {
            let value = try Row.fetchOne(db, sql: "PRAGMA \(setting)")?.databaseValues.first
            let text =
                value.flatMap(String.fromDatabaseValue) ?? value.flatMap(Int64.fromDatabaseValue).map(String.init) ?? ""
            guard text == wanted else {
                throw LedgerError.settingRefused(path: path, setting: setting, value: text)
            }
        }
    }
}

extension Database {
    /// Runs `body` in a transaction that has the write lock from the start, since one that read first could not wait
    /// for it.
    fileprivate func inTurn<T>(_ turn: WriteTurn, _ body: () throws -> T) throws -> T {
        try turn.take { try beginTransaction(.immediate) }
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            if isInsideTransaction { try? rollback() }
            throw error
        }
    }
}

extension Configuration {
    /// What every connection to a ledger has: it waits ten seconds for others, where GRDB's default fails at once.
    static func ledger(_ prepare: @escaping @Sendable (Database) throws -> Void) -> Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        configuration.busyMode = .callback(WriteTurn.wait)
        configuration.prepareDatabase(prepare)
        return configuration
    }
}
