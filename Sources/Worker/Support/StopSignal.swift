import Foundation
import Synchronization

/// The wish that the worker stop, said once and heard by all who wait for it.
package final class StopSignal: Sendable {
    private struct State {
        var isRequested = false
        var waiters: [UUID: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// A wish that nobody has said yet.
    package init() {}

    /// Whether the worker is to stop.
    package var isRequested: Bool {
        state.withLock { $0.isRequested }
    }

    /// Says that the worker is to stop.
    package func request() {
        let waiters = state.withLock { state in
            state.isRequested = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values {
            waiter.resume()
        }
    }

    /// Waits until the worker is to stop, or the task is cancelled.
    package func wait() async {
        let id = UUID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !state.isRequested, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.resume()
        }
    }

    /// Does `body`, and cancels it when the worker is to stop.
    func interrupting(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask { await self.wait() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Sleeps for `duration`, or until the worker is to stop; cancellation ends the sleep as well.
    func sleep(for duration: Duration, clock: WorkerClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(duration) }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
