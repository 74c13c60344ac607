package import Foundation
import GRDB
import Glibc

/// The ledger: one SQLite file that records the outcome of every event, shared by the workers of a host.
///
/// The journal mode is `TRUNCATE` and `synchronous` is `FULL`, so a write that has returned survives a crash and a
/// power cut. The documentation of this target says why it is not WAL.
package final class LedgerDatabase: Sendable {
    private let writer: LedgerWriteConnection

    /// Opens the ledger at `path`. Creates the file (mode 0600) and the directories above it (0700) if they are
    /// missing.
    ///
    /// - Parameters:
    ///   - worker: The name under which this process claims events. The views show it.
    ///   - lease: How long a claim or a renewal holds.
    ///   - writesOnCallersThread: Makes a write block the thread of its caller. A simulation that runs on one thread needs
    ///     this to be repeatable.
    ///   - warn: Gets one line for the log each time that the file was changed by others and was put right.
    ///   - now: The wall clock, which all workers on the ledger must share.
    /// - Throws: `LedgerError`.
    package init(
        path: String,
        worker: String,
        lease: Duration = .seconds(60),
        writesOnCallersThread: Bool = false,
        warn: @escaping @Sendable (String) -> Void = { _ in },
        now: @escaping @Sendable () -> Date
    ) throws {
        // The path is made absolute, because SQLite reads some relative names, such as `:memory:`, as something other
        // than a file.
        let path = URL(fileURLWithPath: path).path
        writer = try LedgerWriteConnection(
            path: path,
            worker: worker.bounded,
            lease: lease,
            writesOnCallersThread: writesOnCallersThread,
            warn: warn,
            now: now
        )
    }

    /// Checks that a worker of this user could write a ledger at `path`. Changes nothing.
    ///
    /// - Returns: False if there is no file yet, and one can be made.
    /// - Throws: `LedgerError`.
    package static func checkPlace(_ path: String) throws -> Bool {
        let file = URL(fileURLWithPath: path)
        var folder = file.deletingLastPathComponent()
        var exists = true
        do {
            try LedgerFile.checkUse(of: file.path)
        } catch LedgerError.missing {
            exists = false
            while folder.path != "/", unsafe access(folder.path, F_OK) != 0, errno == ENOENT {
                folder.deleteLastPathComponent()
            }
        }
        try LedgerFile.checkFolder(folder.path, of: file.path)
        return exists
    }

    /// Runs `body` in a transaction. Returns its result once the transaction is on disk.
    ///
    /// A cancelled task writes all the same, because what it writes has happened. The caller's thread is not blocked.
    ///
    /// - Throws: The error of `body`, and then nothing is written; or `LedgerError`.
    package func write<T: Sendable>(_ body: @Sendable @escaping (LedgerTransaction) throws -> T) async throws -> T {
        try await writer.transaction(body)
    }

    /// Runs all `bodies` in one transaction, so that they share its cost.
    ///
    /// If a body throws before it wrote anything, the others are not affected. If one throws after it wrote, the
    /// transaction is rolled back and all bodies run again, each in a savepoint. So a body may run twice, and only its
    /// last run may leave a trace outside the ledger.
    ///
    /// - Returns: For each body the error for which it wrote nothing, or nil.
    /// - Throws: `LedgerError` if the whole transaction failed and nothing was written.
    package func write(_ bodies: [@Sendable (LedgerTransaction) throws -> Void]) async throws -> [(any Error)?] {
        do {
            return try await writer.transaction { transaction in
                try bodies.map { body in
                    let before = transaction.db.totalChangesCount
                    do {
                        try body(transaction)
                        return nil
                    } catch {
                        guard transaction.db.isInsideTransaction else { throw error }
                        guard transaction.db.totalChangesCount == before else { throw HalfWritten() }
                        return LedgerError.translate(error, path: transaction.path)
                    }
                }
            }
        } catch is HalfWritten {
            return try await writeApart(bodies)
        }
    }

    /// A body threw after it had written.
    private struct HalfWritten: Error {}

    private func writeApart(
        _ bodies: [@Sendable (LedgerTransaction) throws -> Void]
    ) async throws -> [(any Error)?] {
        try await writer.transaction { transaction in
            try bodies.map { body in
                let head = transaction.chain.head
                do {
                    try transaction.db.inSavepoint {
                        try body(transaction)
                        return .commit
                    }
                    return nil
                } catch {
                    // A full disk, for example, ends the transaction, and with it the writes of the bodies before this
                    // one.
                    guard transaction.db.isInsideTransaction else { throw error }
                    transaction.chain.head = head
                    return LedgerError.translate(error, path: transaction.path)
                }
            }
        }
    }
}
