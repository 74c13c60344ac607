import Synchronization

/// A value that is set once, and for which any number of tasks may wait.
///
/// It suspends a task until another task sets the value. A wait ends when the value is set or when the waiting task is
/// cancelled, whichever comes first.
package final class Promise<Value: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Value, any Error>

    private enum State {
        case open([Int: Waiter], lastID: Int)
        case settled(Result<Value, any Error>)
    }

    private let state = Mutex(State.open([:], lastID: 0))

    /// Creates a promise without a value.
    package init() {}

    /// The value, or the error in its place; nil until it is set.
    package var result: Result<Value, any Error>? {
        state.withLock { if case .settled(let result) = $0 { result } else { nil } }
    }

    /// True once the value, or an error in its place, is set.
    package var isSettled: Bool { result != nil }

    /// Sets the value. Only the first call has an effect.
    ///
    /// - Returns: True for the first call.
    @discardableResult
    package func settle(_ result: Result<Value, any Error>) -> Bool {
        let waiters = state.withLock { state -> [Int: Waiter]? in
            guard case .open(let waiters, _) = state else { return nil }
            state = .settled(result)
            return waiters
        }
        for waiter in waiters?.values ?? [:].values {
            waiter.resume(with: result)
        }
        return waiters != nil
    }

    /// Waits for the value.
    ///
    /// - Throws: The error that was set in place of the value, or `CancellationError`.
    package func value() async throws -> Value {
        if let result { return try result.get() }
        let id = newID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait(as: id, $0) }
        } onCancel: {
            remove(id)?.resume(throwing: CancellationError())
        }
    }

    private func newID() -> Int {
        state.withLock { state in
            guard case .open(let waiters, let lastID) = state else { return 0 }
            state = .open(waiters, lastID: lastID + 1)
            return lastID + 1
        }
    }

    private func wait(as id: Int, _ waiter: Waiter) {
        let result = state.withLock { state -> Result<Value, any Error>? in
            switch state {
            case .settled(let result): return result
            case .open where Task.isCancelled: return .failure(CancellationError())
            case .open(var waiters, let lastID):
                // Without this the dictionary would be copied at each wait.
                state = .open([:], lastID: lastID)
                waiters[id] = waiter
                state = .open(waiters, lastID: lastID)
                return nil
            }
        }
        if let result { waiter.resume(with: result) }
    }

    private func remove(_ id: Int) -> Waiter? {
        state.withLock { state in
            guard case .open(var waiters, let lastID) = state else { return nil }
            let waiter = waiters.removeValue(forKey: id)
            state = .open(waiters, lastID: lastID)
            return waiter
        }
    }
}

extension Promise<Void> {
    /// Wakes every task that waits.
    @discardableResult
    package func settle() -> Bool { settle(.success(())) }
}
