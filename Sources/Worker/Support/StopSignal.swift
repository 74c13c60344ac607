/// The wish that the worker stop, said once and heard by all who wait for it.
package final class StopSignal: Sendable {
    private let promise = Promise<Void>()

    /// A wish that nobody has said yet.
    package init() {}

    /// True once the worker is to stop.
    package var isRequested: Bool { promise.isSettled }

    /// Says that the worker is to stop.
    package func request() {
        promise.settle()
    }

    /// Waits until the worker is to stop, or the task is cancelled.
    package func wait() async {
        try? await promise.value()
    }

    /// Makes `call`, and cancels it when the worker is to stop.
    ///
    /// - Returns: nil when the worker is to stop, unless the call has succeeded at the same moment.
    func interrupting<Result: Sendable>(
        _ call: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await call() }
            group.addTask {
                await self.wait()
                return nil
            }
            defer { group.cancelAll() }
            if let result = try await group.next() ?? nil { return result }
            group.cancelAll()
            return (try? await group.next()) ?? nil
        }
    }

    /// Sleeps for `duration`, or until the worker is to stop; cancellation ends the sleep as well.
    func sleep(for duration: Duration, clock: WorkerClock) async {
        guard !isRequested else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(duration) }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
