package import Foundation

/// The time, as the worker asks for it and waits for it. Passed in, so that tests decide how it runs.
package struct WorkerClock: Sendable {
    /// The time of day.
    package let now: @Sendable () -> Date
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    package let sleep: @Sendable (Duration) async throws -> Void

    /// A clock made of these two.
    package init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's own.
    package static let system = Self(now: { Date() }, sleep: { try await Task.sleep(for: $0) })
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
