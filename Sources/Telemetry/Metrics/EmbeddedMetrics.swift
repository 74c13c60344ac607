import Formats
package import Foundation

/// Writes the metrics in CloudWatch's embedded metric format: JSON lines, from which CloudWatch Logs makes metrics.
///
/// Counters and histograms are written as their change since the last time, gauges as their value.
package struct EmbeddedMetrics: Sendable {
    private let registry: MetricRegistry
    private let namespace: String

    /// - Parameter namespace: The namespace in CloudWatch.
    package init(_ registry: MetricRegistry, namespace: String = "sg-revert") {
        self.registry = registry
        self.namespace = namespace
    }

    /// One line for each set of labels that has something to report.
    package func lines(at time: Date) -> [String] {
        var groups: [[String]: (labels: [String], metrics: [(family: MetricFamily, value: String)])] = [:]
        for family in MetricFamily.all {
            for (labels, series) in registry.series(of: family) {
                guard let value = Self.value(of: series, family) else { continue }
                let key = family.labels + ["="] + labels
                groups[key, default: (labels, [])].metrics.append((family, value))
            }
        }
        return groups.values.map { line($0.labels, $0.metrics, at: time) }.sorted()
    }

    private static func value(of series: MetricSeries, _ family: MetricFamily) -> String? {
        let change = series.takeChange()
        switch family.kind {
        case .gauge: return "\(series.value.total)"
        case .counter: return change.count == 0 ? nil : "\(change.total)"
        case .histogram:
            guard change.count > 0 else { return nil }
            return JSONText.object([
                ("Max", "\(change.most)"), ("Min", "\(change.least)"), ("Count", "\(change.count)"),
                ("Sum", "\(change.total)"),
            ])
        }
    }

    private func line(
        _ labels: [String],
        _ metrics: [(family: MetricFamily, value: String)],
        at time: Date
    ) -> String {
        let names = metrics.first?.family.labels ?? []
        let definitions = metrics.map { metric in
            JSONText.object([
                ("Name", JSONText.quoted(metric.family.name)), ("Unit", JSONText.quoted(metric.family.unit)),
            ])
        }
        let dimensions = names.map { JSONText.quoted($0) }.joined(separator: ",")
        let directive = JSONText.object([
            ("Namespace", JSONText.quoted(namespace)), ("Dimensions", "[[\(dimensions)]]"),
            ("Metrics", "[\(definitions.joined(separator: ","))]"),
        ])
        let metadata = JSONText.object([
            ("Timestamp", "\(Int64(time.timeIntervalSince1970 * 1000))"), ("CloudWatchMetrics", "[\(directive)]"),
        ])
        return JSONText.object(
            [("_aws", metadata)] + zip(names, labels).map { ($0, JSONText.quoted($1)) }
                + metrics.map { ($0.family.name, $0.value) }
        )
    }
}

extension MetricFamily {
    fileprivate var unit: String {
        switch kind {
        case .counter: "Count"
        case .gauge: name.hasSuffix("_seconds") ? "Seconds" : "None"
        case .histogram: "Seconds"
        }
    }
}
