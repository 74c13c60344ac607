package import Foundation

/// The time as the worker reads it and waits for it. It is passed in, so that tests decide how it runs.
package struct WorkerClock: Sendable {
    /// The time of day, which people read and AWS compares. It may be set forwards and back at any moment.
    package let now: @Sendable () -> Date
    /// The time that nobody can set. Every wait, deadline and age in the process is measured with it.
    package let instant: @Sendable () -> ContinuousClock.Instant
    /// Waits. Throws `CancellationError` if the task is cancelled meanwhile.
    package let sleep: @Sendable (Duration) async throws -> Void

    /// Creates a clock from these three functions.
    package init(
        now: @escaping @Sendable () -> Date,
        instant: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
    }

    /// The clock of the machine.
    package static let system = Self(
        now: { Date() },
        instant: { .now },
        sleep: { try await Task.sleep(for: $0) }
    )
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
