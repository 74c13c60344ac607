import Synchronization

/// What others may ask of a running worker: whether its poller still goes round.
package final class Liveness: Sendable {
    private let lastTurn: Mutex<ContinuousClock.Instant>
    private let clock: WorkerClock

    /// A poller that starts now, which counts as a turn.
    package init(clock: WorkerClock) {
        self.clock = clock
        lastTurn = Mutex(clock.instant())
    }

    /// How long ago the poller last went round: asked for messages, or waited on purpose because of an outage.
    package var age: Duration {
        clock.instant() - lastTurn.withLock(\.self)
    }

    func turned(at time: ContinuousClock.Instant) {
        lastTurn.withLock { $0 = max($0, time) }
    }
}
