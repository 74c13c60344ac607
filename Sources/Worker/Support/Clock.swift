package import Foundation

/// The time as the worker reads it and waits for it. It is passed in, so that tests decide how it runs.
package struct WorkerClock: Sendable {
    /// The time of day: what people read and what AWS compares. It may be set forwards and back at any moment.
    package let now: @Sendable () -> Date
    /// The time that nobody can set: every wait, deadline and age in the process is measured by it.
    package let instant: @Sendable () -> ContinuousClock.Instant
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    package let sleep: @Sendable (Duration) async throws -> Void

    /// A clock made of these three.
    package init(
        now: @escaping @Sendable () -> Date,
        instant: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.instant = instant
        self.sleep = sleep
    }

    /// The machine's own.
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
