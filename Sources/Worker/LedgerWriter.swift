import Ledger
import Synchronization

/// The ledger's writes, gathered: all that wait while a transaction is committed share the next one, and its one fsync.
struct LedgerWriter: Sendable {
    private typealias Body = @Sendable (LedgerTransaction) throws -> Void

    private let commits: Coalescer<String, Body, (any Error)?>

    init(_ ledger: Ledger) {
        commits = Coalescer(limit: 200) { _, bodies in try await ledger.write(bodies) }
    }

    /// Runs `body` in a transaction; returning means that it is committed.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        let box = Box<Result>()
        let errors = try await commits.submit([{ try box.fill(body($0)) }], for: "ledger")
        if let error = errors.first ?? nil { throw error }
        return try box.take()
    }
}

/// Carries a result out of a closure that returns nothing.
private final class Box<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func fill(_ newValue: Value) {
        value.withLock { $0 = newValue }
    }

    func take() throws -> Value {
        guard let value = value.withLock({ $0 }) else { throw CancellationError() }
        return value
    }
}
