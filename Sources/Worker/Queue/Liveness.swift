import Synchronization

/// Tells whether the poller of a running worker still makes progress.
package final class Liveness: Sendable {
    private let lastTurn: Mutex<ContinuousClock.Instant>
    private let lastPoll = Mutex<ContinuousClock.Instant?>(nil)
    private let clock: WorkerClock

    /// Creates a liveness that starts now.
    package init(clock: WorkerClock) {
        self.clock = clock
        lastTurn = Mutex(clock.instant())
    }

    /// The time since the poller's last progress: a completed poll, or a planned wait in an outage.
    package var age: Duration {
        clock.instant() - lastTurn.withLock(\.self)
    }

    /// How long ago the last poll was completed; nil before the first.
    package var pollAge: Duration? {
        lastPoll.withLock(\.self).map { clock.instant() - $0 }
    }

    /// Records that the queue has answered a poll.
    func completedPoll(at time: ContinuousClock.Instant) {
        lastPoll.withLock { $0 = max($0 ?? time, time) }
    }

    func turned(at time: ContinuousClock.Instant) {
        lastTurn.withLock { $0 = max($0, time) }
    }
}
