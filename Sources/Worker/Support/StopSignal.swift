import AWSClient

/// A request to stop, made once and seen by everyone who waits for it.
package final class StopSignal: Sendable {
    private let promise = Promise<Void>()

    /// Creates a signal without a request.
    package init() {}

    /// True once a stop was requested.
    package var isRequested: Bool { promise.isSettled }

    /// Requests a stop.
    package func request() {
        promise.settle()
    }

    /// Waits until a stop is requested, or the task is cancelled.
    package func wait() async {
        try? await promise.value()
    }

    /// Makes `call`, and cancels it when a stop is requested.
    ///
    /// - Returns: Nil if a stop was requested, unless the call succeeded at the same moment.
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

    /// Sleeps for `duration`, or until a stop is requested. Cancellation ends the sleep, too.
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
