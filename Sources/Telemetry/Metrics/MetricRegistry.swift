package import CoreMetrics
import Formats
import Synchronization

/// The metrics of this process. It is a backend of swift-metrics that knows only the documented metrics.
///
/// A label's value is a short word. Any other text counts as `other`, so that no text of an event is ever shown, and
/// the number of series is bounded.
package final class MetricRegistry: Sendable {
    /// The largest number of series. Further ones count as `other`.
    private static let mostSeries = 1000

    /// One line of a family: the values of its labels.
    struct Key: Hashable, Sendable {
        let name: String
        let labels: [String]
    }

    private let series = Mutex<[Key: MetricSeries]>([:])

    /// Creates a registry. Families without labels exist from the start, with zero.
    package init() {
        series.withLock { series in
            for family in MetricFamily.all where family.labels.isEmpty && family.kind != .gauge {
                series[Key(name: family.name, labels: [])] = MetricSeries(family)
            }
        }
    }

    /// Every series of a family, in the order of its labels.
    func series(of family: MetricFamily) -> [(labels: [String], series: MetricSeries)] {
        let found = series.withLock { $0.filter { $0.key.name == family.name } }
        return found.map { ($0.key.labels, $0.value) }.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }

    /// The series of a name and its labels; nil for a name that is not documented.
    func series(_ label: String, _ dimensions: [(String, String)]) -> MetricSeries? {
        guard let family = MetricFamily.byName[label] else { return nil }
        let values = family.labels.map { name in dimensions.first { $0.0 == name }.map { Self.word($0.1) } ?? "" }
        let key = Key(name: family.name, labels: values)
        return series.withLock { series in
            if let found = series[key] { return found }
            let isFull = series.count >= Self.mostSeries
            let kept = isFull ? Key(name: family.name, labels: values.map { _ in "other" }) : key
            if let found = series[kept] { return found }
            let made = MetricSeries(family)
            series[kept] = made
            return made
        }
    }

    private static func word(_ text: String) -> String {
        let isWord =
            text.utf8.count <= 64 && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-._".utf8.contains($0) }
        return isWord ? text : "other"
    }
}

extension MetricRegistry: MetricsFactory {
    /// The counter of a family.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// The gauge of a family.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// The gauge of a family.
    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// The histogram of a family.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// Does nothing: a series lives as long as the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing: a series lives as long as the process.
    package func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing: a series lives as long as the process.
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing: a series lives as long as the process.
    package func destroyTimer(_ handler: any TimerHandler) {}
}
