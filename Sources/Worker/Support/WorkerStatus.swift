import AWSClient
import Foundation
import Synchronization

/// What a running worker says of itself: whether it receives, how long ago it polled, and what is out of order.
package struct WorkerStatus: Hashable, Sendable {
    /// Whether messages can be received now.
    package let isReceiving: Bool
    /// Why the worker has not started; nil once it has.
    package let obstacle: String?
    /// The lanes that are out, in words.
    package let outages: [String]
    /// How long ago the poller last went round.
    package let pollAge: Duration
}

/// Whether the worker has what it needs to receive, and if not why.
final class StartState: Sendable {
    private let reason = Mutex<String?>("it is starting")

    /// Why the worker has not started; nil once it has.
    var obstacle: String? { reason.withLock(\.self) }

    func failed(_ error: String) { reason.withLock { $0 = error } }

    func succeeded() { reason.withLock { $0 = nil } }
}

extension RevertWorker {
    /// What the worker says of itself now.
    package var status: WorkerStatus {
        WorkerStatus(
            isReceiving: startState.obstacle == nil && lanes.board.mayReceive,
            obstacle: startState.obstacle,
            outages: lanes.board.lanes.map(\.description),
            pollAge: liveness.age
        )
    }

    /// Sets the gauges that are read from the worker's state, just before they are shown.
    package func measureState() {
        let metrics = options.metrics
        metrics.set("in_flight", Double(hand.all.count))
        metrics.set("last_poll_timestamp_seconds", clock.now().timeIntervalSince1970 - liveness.age.seconds)
        let out = Dictionary(grouping: lanes.board.lanes) { [$0.service.rawValue, $0.region?.description ?? ""] }
        for place in shownOutages.including(Set(out.keys)) {
            metrics.set("outage", out[place] == nil ? 0 : 1, [("service", place[0]), ("region", place[1])])
        }
    }
}

/// The places for which an outage was ever shown: one that is over has to be shown as 0.
final class ShownOutages: Sendable {
    private let places = Mutex<Set<[String]>>([])

    func including(_ more: Set<[String]>) -> Set<[String]> {
        places.withLock {
            $0.formUnion(more)
            return $0
        }
    }
}
