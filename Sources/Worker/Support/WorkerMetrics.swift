package import CoreMetrics
import Ledger
import SecurityGroups

/// The metrics of a worker. No label ever holds text of an event.
package struct WorkerMetrics: Sendable {
    private let factory: any MetricsFactory

    /// Creates the metrics, with a zero for each value of a label. A counter that comes to life with its first event has no
    /// increase, and no alert would tell of that event.
    ///
    /// - Parameter factory: The backend of the metrics.
    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        for reason in DeadLetterReason.allCases { add("dead_lettered_total", 0, [("reason", reason.rawValue)]) }
        for outcome in EventOutcome.allCases { add("events_total", 0, [("outcome", outcome.rawValue)]) }
        for outcome in RuleOutcome.allCases { add("rules_total", 0, [("outcome", outcome.rawValue)]) }
    }

    /// Metrics that are dropped.
    package static let none = WorkerMetrics(NOOPMetricsHandler.instance)

    func received(_ count: Int) { add("messages_received_total", count) }

    func duplicate() { add("duplicates_total") }

    func deadLettered(_ reason: DeadLetterReason) { add("dead_lettered_total", [("reason", reason.rawValue)]) }

    func finished(_ result: RunResult) {
        add("events_total", [("outcome", result.outcome.rawValue)])
        for (outcome, rules) in Dictionary(grouping: result.rules, by: \.outcome) {
            add("rules_total", rules.count, [("outcome", outcome.rawValue)])
        }
        if let milliseconds = result.exposedMilliseconds {
            measure(
                "exposed_seconds",
                nanoseconds: max(milliseconds, 0).multipliedReportingOverflow(by: 1_000_000).partialValue
            )
        }
    }

    func committed(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        measure("ledger_commit_seconds", nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// Sets the number of unexplained rules at the last snapshot.
    func standingUnexplained(_ count: Int) { set("standing_unexplained", Double(count)) }

    /// Sets the number of temporary exemptions that hold now.
    func exemptActive(_ count: Int) { set("exempt_active", Double(count)) }

    func set(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        factory.makeMeter(label: "sg_revert_\(name)", dimensions: labels).set(value)
    }

    private func add(_ name: String, _ count: Int = 1, _ labels: [(String, String)] = []) {
        factory.makeCounter(label: "sg_revert_\(name)", dimensions: labels).increment(by: Int64(count))
    }

    private func add(_ name: String, _ labels: [(String, String)]) { add(name, 1, labels) }

    private func measure(_ name: String, nanoseconds: Int64) {
        factory.makeTimer(label: "sg_revert_\(name)", dimensions: []).recordNanoseconds(nanoseconds)
    }
}
