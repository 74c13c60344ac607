/// The metrics in the text exposition format of Prometheus, version 0.0.4.
package struct PrometheusText {
    /// The text, which ends in a line break.
    package let text: String
    /// The type of the text in HTTP.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Writes every family that has a series.
    package init(_ registry: MetricRegistry) {
        var text = ""
        for family in MetricFamily.all {
            let series = registry.series(of: family)
            guard !series.isEmpty else { continue }
            text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.typeName)\n"
            for (labels, series) in series {
                let pairs = zip(family.labels, labels).map { "\($0)=\"\(Self.escaped($1))\"" }
                Self.append(series.value, of: family, pairs, to: &text)
            }
        }
        self.text = text
    }

    private static func append(
        _ value: MetricSeries.Value,
        of family: MetricFamily,
        _ pairs: [String],
        to text: inout String
    ) {
        func line(_ suffix: String, _ pairs: [String], _ number: String) {
            let labels = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
            text += "\(family.name)\(suffix)\(labels) \(number)\n"
        }
        guard case .histogram(let bounds) = family.kind else { return line("", pairs, number(value.total)) }
        var count: UInt64 = 0
        for (bound, bucket) in zip(bounds, value.buckets) {
            count += bucket
            line("_bucket", pairs + ["le=\"\(number(bound))\""], "\(count)")
        }
        line("_bucket", pairs + ["le=\"+Inf\""], "\(value.count)")
        line("_sum", pairs, number(value.total))
        line("_count", pairs, "\(value.count)")
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}

extension MetricFamily {
    /// The kind in the words of Prometheus.
    var typeName: String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
