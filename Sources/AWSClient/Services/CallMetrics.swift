import CoreMetrics

/// Counts and times attempts, so that retries show: a call of three attempts leaves two `throttled` or `transient`.
struct CallMetrics: Sendable {
    /// The result of an attempt, as the label `result` shows it.
    enum Result: String {
        case success
        /// The service asked for fewer calls.
        case throttled
        /// A 5xx, a broken connection, a timeout.
        case transient
        /// Any other error.
        case failed
        case cancelled
    }

    private let factory: any MetricsFactory
    /// False if nothing collects metrics. Labels are then not built.
    private let isActive: Bool

    init(factory: any MetricsFactory) {
        self.factory = factory
        isActive = !(factory is NOOPMetricsHandler)
    }

    func record(_ service: AWSService, _ action: String, _ result: Result, took: Duration) {
        guard isActive else { return }
        let labels = [("service", service.rawValue), ("action", action)]
        Counter(
            label: "sg_revert_api_calls_total",
            dimensions: labels + [("result", result.rawValue)],
            factory: factory
        )
        .increment()
        let (seconds, attoseconds) = took.components
        CoreMetrics.Timer(label: "sg_revert_api_seconds", dimensions: labels, factory: factory)
            .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
