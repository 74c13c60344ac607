import Formats
import Foundation
import Telemetry
import Worker

/// Shows the state of a worker: the status endpoint, and metrics on stdout.
struct StatusService: Sendable {
    let worker: RevertWorker
    let registry: MetricRegistry
    /// The longest time of a poll.
    let wait: Duration

    /// The time between two writings of metrics to stdout.
    private static let period: Duration = .seconds(60)

    /// The routes of the endpoint.
    var routes: StatusRoutes {
        StatusRoutes(["/metrics": { metrics() }, "/livez": { liveness() }, "/readyz": { readiness() }])
    }

    /// True if the poller has made progress within the time that a poll, an abandoned poll, or a pause may take.
    var isAlive: Bool { worker.liveness.age < wait + .seconds(45) }

    /// Writes the metrics to stdout once a minute, and once more at the end.
    func embed() async {
        let embedded = EmbeddedMetrics(registry)
        var isOver = false
        while !isOver {
            isOver = (try? await Task.sleep(for: Self.period)) == nil
            worker.measureState()
            for line in embedded.lines(at: Date()) { writeToStandardOutput(Array((line + "\n").utf8)) }
        }
    }

    private func metrics() -> StatusAnswer {
        worker.measureState()
        return StatusAnswer(200, contentType: PrometheusText.contentType, PrometheusText(registry).text)
    }

    private func liveness() -> StatusAnswer {
        let age = worker.status.pollAge.components.seconds
        let word = JSONText.quoted(isAlive ? "alive" : "stuck")
        return json(isAlive ? 200 : 503, [("status", word), ("last_poll_seconds", "\(age)")])
    }

    private func readiness() -> StatusAnswer {
        let status = worker.status
        let out = status.outages.map { JSONText.quoted($0) }.joined(separator: ",")
        let word = JSONText.quoted(status.isReceiving ? "ready" : "not receiving")
        let reason = status.obstacle.map { [("reason", JSONText.quoted($0))] } ?? []
        return json(status.isReceiving ? 200 : 503, [("status", word)] + reason + [("out", "[\(out)]")])
    }

    private func json(_ status: Int, _ members: [(String, String)]) -> StatusAnswer {
        StatusAnswer(status, contentType: "application/json", JSONText.object(members.map { ($0, $1) }) + "\n")
    }
}
