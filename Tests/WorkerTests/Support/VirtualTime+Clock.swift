import Foundation
import TestSupport

@testable import Worker

extension VirtualTime {
    var clock: WorkerClock {
        clock { try await self.sleep($0) }
    }

    /// A clock with this time and another way to sleep.
    func clock(sleep: @escaping @Sendable (Duration) async throws -> Void) -> WorkerClock {
        WorkerClock(now: { self.now }, instant: { self.instant }, sleep: sleep)
    }

    /// A clock on which nobody sleeps, and no time passes, until a door is open.
    func clock(after door: Door) -> WorkerClock {
        clock { duration in
            await door.pass()
            try await self.sleep(duration)
        }
    }

    /// A clock on which no sleep ends by itself.
    var endlessClock: WorkerClock {
        clock { _ in try await self.sleep(Self.endless) }
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
