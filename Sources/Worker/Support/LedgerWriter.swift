import Foundation
import Ledger
import SecurityGroups
import Synchronization

/// Writes to the ledger. All writes that wait while a transaction is committed share the next transaction, and its one
/// fsync.
struct LedgerWriter: Sendable {
    private typealias Body = @Sendable (LedgerTransaction) throws -> Void

    private let commits: Coalescer<String, Body, (any Error)?>
    /// Keeps a write waiting through an outage. Without it the write fails.
    var lanes: Lanes?

    init(_ ledger: LedgerDatabase, metrics: WorkerMetrics = .none) {
        commits = Coalescer(limit: 200) { _, bodies in
            let start = ContinuousClock.now
            let errors = try await ledger.write(bodies)
            metrics.committed(in: ContinuousClock.now - start)
            return errors
        }
    }

    /// Runs `body` in a transaction as soon as the ledger can be written. Returns when it is committed.
    ///
    /// - Parameter slot: The slot that is given to other work while the ledger is out.
    func write<Result: Sendable>(
        slot: WorkSlot? = nil,
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        guard let lanes else { return try await writeOnce(body) }
        return try await lanes.perform(Lane(.ledger), slot: slot) { try await writeOnce(body) }
    }

    /// Runs `body` in a transaction, and fails if the ledger cannot be written now. It is for writes that would be of
    /// no use later.
    func writeOnce<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        let box = Box<Result>()
        let errors = try await commits.submit([{ try box.fill(body($0)) }], for: "ledger")
        if let error = errors[0] { throw error }
        return try box.take()
    }
}

extension LedgerWriter {
    /// The times at which a person approved rules of a group, for those that have such an approval.
    @Sendable func approvals(
        of rules: [SecurityGroupRuleID],
        in group: SecurityGroupID
    ) async throws -> [SecurityGroupRuleID: Date] {
        try await writeOnce { try $0.approvals(of: rules, in: group) }
    }
}

/// Carries a result out of a closure that returns nothing.
private final class Box<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func fill(_ newValue: Value) {
        value.withLock { $0 = newValue }
    }

    func take() throws -> Value {
        guard let value = value.withLock({ $0 }) else { throw NotRun() }
        return value
    }

    /// The ledger returned without having run a body.
    struct NotRun: Error, CustomStringConvertible {
        var description: String { "the ledger did not run a write; this is a fault of the program" }
    }
}
