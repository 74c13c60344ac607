package import Foundation

/// The time as the worker reads it and waits for it. It is passed in, so that tests decide how it runs.
package struct WorkerClock: Sendable {
    /// The time of day, which people read and AWS compares. It may be set forwards and back at any moment.
    package let now: @Sendable () -> Date
    /// The time that nobody can set. Every wait, deadline and age in the process is measured with it.
    package let instant: @Sendable () -> ContinuousClock.Instant
    /// Waits. Throws `CancellationError` if the task is cancelled meanwhile.
    package let sleep: @Sendable (Duration) async throws -> Void
    private let start: ContinuousClock.Instant

    /// Creates a clock from these three functions.
    package init(
        now: @escaping @Sendable () -> Date,
        instant: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
        start = instant()
    }

    /// The clock of the machine.
    package static let system = Self(
        now: { Date() },
        instant: { .now },
        sleep: { try await Task.sleep(for: $0) }
    )
}

extension WorkerClock {
    /// Waits until the next multiple of `period` since the start of the clock, so that one wake-up of an idle process
    /// serves everything that is done now and then.
    ///
    /// A wait of less than a millisecond would only be a rounding error of the last one, so that it lasts a period longer.
    package func sleep(toNext period: Duration) async throws {
        let passed = instant() - start
        let left = period * (Int(passed / period) + 1) - passed
        try await sleep(left < .milliseconds(1) ? left + period : left)
    }

    /// Makes `call`, and cancels it after `bound`.
    ///
    /// - Parameter steps: The number of sleeps that make up the bound.
    /// - Throws: The error of the call, or `lateness` if the call had not ended by then.
    func within<Answer: Sendable>(
        _ bound: Duration,
        steps: Int = 1,
        orThrow lateness: some Error,
        _ call: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await call() }
            group.addTask {
                for _ in 0..<steps { try await sleep(bound / steps) }
                throw lateness
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
