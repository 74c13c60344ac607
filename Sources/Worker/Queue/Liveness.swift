package import Foundation
import Synchronization

/// What others may ask of a running worker: whether its poller still goes round.
package final class Liveness: Sendable {
    private let state: Mutex<Date>

    /// - Parameter now: when the worker was started, which counts as a turn.
    package init(now: Date) {
        state = Mutex(now)
    }

    /// When the poller last went round: asked for messages, or waited on purpose because of an outage.
    package var lastTurn: Date {
        state.withLock(\.self)
    }

    func turned(at time: Date) {
        state.withLock { $0 = max($0, time) }
    }
}
