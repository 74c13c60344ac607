package import Foundation
import Synchronization

/// Time that passes only when somebody sleeps, and then at once, or when a test moves it.
package final class VirtualTime: Sendable {
    private struct State {
        var now: Date
        var instant = ContinuousClock.now
        var slept: [Duration] = []
    }

    private let state: Mutex<State>
    /// A sleep of this length never ends by itself, only by cancellation.
    package static let endless: Duration = .seconds(100_000)

    /// Creates a time that begins at `start`.
    package init(start: Date = Date(timeIntervalSince1970: 1_764_063_000)) {
        state = Mutex(State(now: start))
    }

    /// The time of day.
    package var now: Date { state.withLock { $0.now } }
    /// The time that nobody can set.
    package var instant: ContinuousClock.Instant { state.withLock { $0.instant } }
    /// The lengths of all sleeps so far.
    package var slept: [Duration] { state.withLock { $0.slept } }

    /// Lets time pass.
    package func advance(_ duration: Duration) {
        state.withLock {
            $0.now += duration.inSeconds
            $0.instant += duration
        }
    }

    /// Sets the time of day, and that alone, as an operator or NTP does.
    package func setBack(by duration: Duration) {
        state.withLock { $0.now -= duration.inSeconds }
    }

    /// Sleeps in no real time.
    package func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration != Self.endless else { return try await Task.sleep(for: duration) }
        state.withLock {
            $0.now += duration.inSeconds
            $0.instant += duration
            $0.slept.append(duration)
        }
        await Task.yield()
    }
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
