import Foundation
import Synchronization

@testable import Worker

/// Time that passes only when somebody sleeps, and then at once.
final class VirtualTime: Sendable {
    private struct State {
        var now = Date(timeIntervalSince1970: 1_764_063_000)
        var slept: [Duration] = []
    }

    private let state = Mutex(State())
    /// Sleeps of this length never end by themselves, only by cancellation.
    static let endless: Duration = .seconds(100_000)

    var now: Date { state.withLock { $0.now } }
    var slept: [Duration] { state.withLock { $0.slept } }

    func advance(_ duration: Duration) {
        state.withLock { $0.now += duration.seconds }
    }

    var clock: WorkerClock {
        WorkerClock(now: { self.now }, sleep: { try await self.sleep($0) })
    }

    func sleep(_ duration: Duration) async throws {
        try Task.checkCancellation()
        if duration == Self.endless {
            await StopSignal().wait()
            throw CancellationError()
        }
        state.withLock {
            $0.now += duration.seconds
            $0.slept.append(duration)
        }
        await Task.yield()
    }
}

/// A door that is shut until somebody opens it.
final class Door: Sendable {
    private let signal = StopSignal()

    func open() { signal.request() }
    func pass() async { await signal.wait() }
}
