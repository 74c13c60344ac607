package import Foundation
import GRDB
import Glibc

/// The record of what became of every event, in one SQLite file that the workers of a host share.
///
/// Journal `TRUNCATE`, synchronous `FULL`: what a write has returned survives a crash and a power cut. The page of this
/// target says why it is not WAL.
package final class LedgerDatabase: Sendable {
    private let writer: LedgerWriteConnection

    /// Opens the ledger at `path`, making it (mode 0600) and the directories above it (0700) as needed.
    ///
    /// - Parameters:
    ///   - worker: The name under which this process claims events; it is in the ledger's views.
    ///   - lease: How long a claim or a renewal holds.
    ///   - writesOnCallersThread: Makes a write block the thread of its caller. A simulation that runs on one thread needs
    ///     this to be repeatable.
    ///   - now: The wall clock, which all workers on the ledger must share.
    /// - Throws: `LedgerError`.
    package init(
        path: String,
        worker: String,
        lease: Duration = .seconds(60),
        writesOnCallersThread: Bool = false,
        now: @escaping @Sendable () -> Date
    ) throws {
        // Absolute, since SQLite reads some relative names, such as `:memory:`, as something other than a file.
        let path = URL(fileURLWithPath: path).path
        writer = try LedgerWriteConnection(
            path: path,
            worker: worker.bounded,
            lease: lease,
            writesOnCallersThread: writesOnCallersThread,
            now: now
        )
    }

    /// Runs `body` in a transaction and returns what it returns, once that is on disk.
    ///
    /// A cancelled task writes nonetheless, since what it writes has happened. The caller's thread is not blocked.
    ///
    /// - Throws: What `body` throws, nothing being written then; or `LedgerError`.
    package func write<T: Sendable>(_ body: @Sendable @escaping (LedgerTransaction) throws -> T) async throws -> T {
        try await writer.transaction(body)
    }

    /// Runs all `bodies` in one transaction, so that they share its cost and nothing else.
    ///
    /// A body that throws before it wrote anything takes nothing from the others. Where one throws after it wrote, the
    /// whole transaction is rolled back and all bodies run again, each in a savepoint; so what a body leaves outside the
    /// ledger must be what its last run leaves.
    ///
    /// - Returns: For each body the error for which it wrote nothing, or null.
    /// - Throws: `LedgerError` when the transaction as a whole failed and nothing was written.
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
                let head = transaction.state.head
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
                    transaction.state.head = head
                    return LedgerError.translate(error, path: transaction.path)
                }
            }
        }
    }
}
