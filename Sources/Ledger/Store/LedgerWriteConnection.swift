import Foundation
import GRDB
import Glibc

/// The only connection through which a process writes a ledger.
final class LedgerWriteConnection: Sendable {
    private let path: String
    private let worker: String
    private let lease: Duration
    private let writesOnCallersThread: Bool
    private let warn: @Sendable (String) -> Void
    private let now: @Sendable () -> Date
    private let turn: WriteTurn
    private let file: LedgerFile.Identity
    private let queue: DatabaseQueue

    init(
        path: String,
        worker: String,
        lease: Duration,
        writesOnCallersThread: Bool,
        warn: @escaping @Sendable (String) -> Void,
        now: @escaping @Sendable () -> Date
    ) throws {
        self.path = path
        self.worker = worker
        self.lease = lease
        self.writesOnCallersThread = writesOnCallersThread
        self.warn = warn
        self.now = now
        file = try LedgerFile.make(at: path)
        turn = try WriteTurn(path: path)
        let turn = turn
        do {
            queue = try DatabaseQueue(
                path: path,
                configuration: .ledger { db in try turn.take { try Self.prepare(db, path: path, warn: warn) } }
            )
            try queue.writeWithoutTransaction { db in
                try turn.take { try db.inImmediateTransaction { try Schema.migrate(db, path: path) } }
                try Self.checkSettings(of: db, path: path)
            }
        } catch {
            throw LedgerError.translate(error, path: path)
        }
    }

    /// Runs `body` in a transaction on the connection's queue. GRDB's async functions are not used, because they roll
    /// back when the task is cancelled.
    func transaction<T: Sendable>(_ body: @Sendable @escaping (LedgerTransaction) throws -> T) async throws -> T {
        let work: @Sendable (Database) -> Result<T, any Error> = { db in
            Result {
                do {
                    return try self.turn.take { try self.transaction(in: db, body) }
                } catch {
                    throw LedgerError.translate(error, path: self.path)
                }
            }
        }
        if writesOnCallersThread { return try blocking(work).get() }
        return try await withCheckedThrowingContinuation { continuation in
            queue.asyncWriteWithoutTransaction { continuation.resume(with: work($0)) }
        }
    }

    private func blocking<T>(_ work: (Database) -> T) -> T {
        queue.writeWithoutTransaction(work)
    }

    private func transaction<T>(in db: Database, _ body: (LedgerTransaction) throws -> T) throws -> T {
        guard try LedgerFile.identity(of: path) == file else { throw LedgerError.replaced(path: path) }
        do {
            return try attempt(in: db, body)
        } catch is JournalChanged {
            // Somebody switched the ledger to another journal mode since the last write.
            db.clearSchemaCache()
            try db.execute(sql: "PRAGMA journal_mode = TRUNCATE")
            try Self.checkSettings(of: db, path: path)
            warn(Self.switchedBack(path))
            return try attempt(in: db, body)
        }
    }

    private struct JournalChanged: Error {}

    private func attempt<T>(in db: Database, _ body: (LedgerTransaction) throws -> T) throws -> T {
        try db.inImmediateTransaction {
            var mode = ""
            try db.statement(.journalMode).query { mode = $0.text(0) ?? "" }
            guard mode == "truncate" else { throw JournalChanged() }
            return try body(LedgerTransaction(db: db, path: path, worker: worker, lease: lease, now: now()))
        }
    }

    /// Prepares a connection. The journal mode is part of the file, so it is set only after the file is known to be a
    /// ledger.
    private static func prepare(_ db: Database, path: String, warn: (String) -> Void) throws {
        try db.inTransaction(.deferred) {
            _ = try Schema.checkedVersion(of: db, path: path)
            return .commit
        }
        let isWAL = try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
        try db.execute(sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000")
        if isWAL { warn(switchedBack(path)) }
    }

    private static func switchedBack(_ path: String) -> String {
        "another program switched the ledger \(path) to WAL; it was switched back, because WAL may damage it"
    }

    /// Checks the settings. SQLite answers a setting that it does not accept with the old value, not with an error.
    private static func checkSettings(of db: Database, path: String) throws {
        for (setting, wanted) in [("journal_mode", "truncate"), ("synchronous", "2")] {
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
    /// Runs `body` in a transaction that has the write lock from the start. A transaction that reads first could not
    /// wait for the lock.
    fileprivate func inImmediateTransaction<T>(_ body: () throws -> T) throws -> T {
        try beginTransaction(.immediate)
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
    /// The configuration of every connection to a ledger. It waits ten seconds for others; GRDB's default fails at
    /// once.
    static func ledger(_ prepare: @escaping @Sendable (Database) throws -> Void) -> Configuration {
        var configuration = Configuration()
        configuration.label = "ledger"
        // SQLite's own waits grow to a tenth of a second, in which other writers could commit ten times.
        configuration.busyMode = .callback { tries in
            guard tries < 10_000 else { return false }
            usleep(1000)
            return true
        }
        configuration.foreignKeysEnabled = false
        configuration.prepareDatabase(prepare)
        return configuration
    }
}
