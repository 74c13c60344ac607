/// A metric of the program: its name, its meaning and its kind. Names are public.
package struct MetricFamily: Hashable, Sendable {
    /// The kind of a metric.
    enum Kind: Hashable, Sendable {
        /// A number that only grows.
        case counter
        /// A number that goes up and down.
        case gauge
        /// Durations in seconds, counted by upper bounds.
        case histogram([Double])
    }

    let name: String
    let help: String
    let kind: Kind
    let labels: [String]

    private init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = "sg_revert_\(name)"
        self.help = help
        self.kind = kind
        self.labels = labels
    }

    private static let calls = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    private static let exposure = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400]
    private static let commits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

    /// Every metric. No other is ever shown.
    package static let all = [
        Self("messages_received_total", .counter, "Messages received from the queue."),
        Self("events_total", .counter, labels: ["outcome"], "Events by their outcome."),
        Self("rules_total", .counter, labels: ["outcome"], "Rules by what became of them."),
        Self("duplicates_total", .counter, "Messages that brought an event that was done already."),
        Self("dead_lettered_total", .counter, labels: ["reason"], "Messages moved to the dead-letter queue."),
        Self("api_calls_total", .counter, labels: ["service", "action", "result"], "Attempts of calls to AWS."),
        Self(
            "api_seconds",
            .histogram(calls),
            labels: ["service", "action"],
            "Durations of attempts of calls to AWS."
        ),
        Self("exposed_seconds", .histogram(exposure), "Time from an event to the confirmed revoke of its last rule."),
        Self("in_flight", .gauge, "Messages that are worked on."),
        Self("waiting", .gauge, "Messages in hand that wait: for settling, a quota, an outage or a retry."),
        Self("outage", .gauge, labels: ["service", "region"], "1 while nothing of a service works in a Region."),
        Self("standing_unexplained", .gauge, "Rules that stood at the last snapshot and that nothing explains."),
        Self("exempt_active", .gauge, "Temporary exemptions that hold now."),
        Self("last_poll_timestamp_seconds", .gauge, "When the last poll of the queue was completed, as Unix time."),
        Self("ledger_commit_seconds", .histogram(commits), "Durations of the ledger's commits."),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
