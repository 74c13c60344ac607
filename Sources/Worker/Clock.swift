public import Foundation

/// The time, as the worker asks for it and waits for it. Passed in, so that tests decide how it runs.
public struct WorkerClock: Sendable {
    /// The time of day.
    public let now: @Sendable () -> Date
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    public let sleep: @Sendable (Duration) async throws -> Void

    /// A clock made of these two.
    public init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's own.
    public static let system = Self(now: { Date() }, sleep: { try await Task.sleep(for: $0) })
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
