import Foundation
import Synchronization

@testable import Worker

/// Time that passes only when somebody sleeps, and then at once.
final class VirtualTime: Sendable {
    private struct State {
        var now = Date(timeIntervalSince1970: 1_764_063_000)
        var instant = ContinuousClock.now
        var slept: [Duration] = []
    }

    private let state = Mutex(State())
    /// Sleeps of this length never end by themselves, only by cancellation.
    static let endless: Duration = .seconds(100_000)

    var now: Date { state.withLock { $0.now } }
    var instant: ContinuousClock.Instant { state.withLock { $0.instant } }
    var slept: [Duration] { state.withLock { $0.slept } }

    func advance(_ duration: Duration) {
        state.withLock {
            $0.now += duration.seconds
            $0.instant += duration
        }
    }

    /// Sets the time of day, and that alone, as an operator or NTP does.
    func setBack(by duration: Duration) {
        state.withLock { $0.now -= duration.seconds }
    }

    var clock: WorkerClock {
        clock { try await self.sleep($0) }
    }

    /// A clock with this time and another way to sleep.
    func clock(sleep: @escaping @Sendable (Duration) async throws -> Void) -> WorkerClock {
        WorkerClock(now: { self.now }, instant: { self.instant }, sleep: sleep)
    }

    /// A clock on which no sleep ends by itself.
    var endlessClock: WorkerClock {
        clock { _ in try await self.sleep(Self.endless) }
    }

    func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        if duration == Self.endless {
            await StopSignal().wait()
            throw CancellationError()
        }
        state.withLock {
            $0.now += duration.seconds
            $0.instant += duration
            $0.slept.append(duration)
        }
        await Task.yield()
    }
}

/// A door that is shut until somebody opens it.
final class Door: Sendable {
    fileprivate let signal = StopSignal()

    func open() { signal.request() }
    func pass() async { await signal.wait() }
}

extension Door {
    var isOpen: Bool { signal.isRequested }
}

/// Runs `body` while lanes that are out are probed.
func running<Result>(_ lanes: Lanes, _ body: () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await lanes.run() }
        defer { group.cancelAll() }
        return try await body()
    }
}
