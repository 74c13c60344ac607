import AWSClient
import Foundation

/// The state of a running worker: whether it receives, the age of its last poll, and what is out of order.
package struct WorkerStatus: Hashable, Sendable {
    /// True if messages can be received now.
    package let isReceiving: Bool
    /// The reason why the worker has not started; nil once it has.
    package let obstacle: String?
    /// The lanes that are out, in words.
    package let outages: [String]
    /// The time since the poller's last progress.
    package let pollAge: Duration
}

extension RevertWorker {
    /// The current state.
    package var status: WorkerStatus {
        WorkerStatus(
            isReceiving: startState.obstacle == nil && !intake.isParkFull
                && !lanes.board.lanes.contains(where: \.stopsReceiving),
            obstacle: startState.obstacle,
            outages: lanes.board.lanes.map(\.wholeName),
            pollAge: liveness.age
        )
    }

    /// Sets the gauges that show the worker's state, just before they are read.
    package func measureState() {
        let metrics = options.metrics
        let waiting = slots.parkedCount
        metrics.set("waiting", Double(waiting))
        metrics.set("in_flight", Double(max(hand.all.count - waiting, 0)))
        if let age = liveness.pollAge {
            metrics.set("last_poll_timestamp_seconds", clock.now().timeIntervalSince1970 - age.seconds)
        }
        let out = Dictionary(grouping: lanes.board.lanes) { [$0.service.rawValue, $0.region?.description ?? ""] }
        for place in shownOutages.including(Set(out.keys)) {
            metrics.set("outage", out[place] == nil ? 0 : 1, [("service", place[0]), ("region", place[1])])
        }
    }
}
