import CoreMetrics
import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// What Prometheus and CloudWatch are told, whatever is counted.
@Suite struct ExpositionTests {
    private let registry = MetricRegistry()

    /// Fills every family with made-up numbers.
    private func fill(_ random: inout SeededGenerator) {
        let values = ["x", "reverted", "eu-west-1", "a b", "\"}\n", "\u{202E}"]
        for family in MetricFamily.all {
            for _ in 0..<4 {
                let dimensions = family.labels.map { ($0, random.pick(values)) }
                switch family.kind {
                case .counter:
                    registry.makeCounter(label: family.name, dimensions: dimensions)
                        .increment(by: Int64.random(in: -2...1000, using: &random))
                case .gauge:
                    registry.makeMeter(label: family.name, dimensions: dimensions)
                        .set(Double.random(in: -10...1e12, using: &random))
                case .histogram:
                    registry.makeTimer(label: family.name, dimensions: dimensions)
                        .recordNanoseconds(Int64.random(in: -10...1_000_000_000_000, using: &random))
                }
            }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `each line of the text is a comment or a sample, and the samples follow their family`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        fill(&random)
        let text = PrometheusText(registry).text
        #expect(text.hasSuffix("\n"))
        var family = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                family = String(line.split(separator: " ")[2])
            } else if line.hasPrefix("# TYPE ") {
                #expect(line.split(separator: " ")[2] == family)
            } else {
                let sample = try #require(
                    line.wholeMatch(of: /([a-z_]+)(\{([a-z]+="[A-Za-z0-9._+-]*",?)*\})? (-?[0-9.e+-]+)/),
                    "\(line)"
                )
                #expect(sample.1.hasPrefix(family), "\(line)")
                #expect(Double(sample.4) != nil, "\(line)")
            }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `the buckets of a histogram only grow, and the last one is the count`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        fill(&random)
        let lines = PrometheusText(registry).text.split(separator: "\n").filter {
            $0.hasPrefix("sg_revert_exposed_seconds_")
        }
        let counts = lines.filter { $0.contains("_bucket") }.compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        let count = try #require(lines.first { $0.contains("_count ") }?.split(separator: " ").last.flatMap { Int($0) })
        #expect(counts.count == 17 && counts == counts.sorted() && counts.last == count)
    }

    @Test func `whole numbers have no decimals, however they were counted`() {
        registry.makeMeter(label: "sg_revert_in_flight", dimensions: []).set(3.0)
        registry.makeMeter(label: "sg_revert_waiting", dimensions: []).set(2.5)
        registry.makeMeter(label: "sg_revert_last_poll_timestamp_seconds", dimensions: []).set(1_764_063_000.0)
        let text = PrometheusText(registry).text
        for line in ["in_flight 3", "waiting 2.5", "last_poll_timestamp_seconds 1764063000"] {
            #expect(text.contains("sg_revert_\(line)\n"))
        }
    }

    @Test func `families come in the order of the documentation, each with help and type once`() {
        var random = SeededGenerator(seed: 7)
        fill(&random)
        let lines = PrometheusText(registry).text.split(separator: "\n").map(String.init)
        let types = lines.filter { $0.hasPrefix("# TYPE ") }
        #expect(types == MetricFamily.all.map { "# TYPE \($0.name) \($0.typeName)" })
        let helps = lines.filter { $0.hasPrefix("# HELP ") }
        #expect(helps == MetricFamily.all.map { "# HELP \($0.name) \($0.help)" })
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `each embedded line is an object that has every metric and dimension that it declares`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        fill(&random)
        let time = Date(timeIntervalSince1970: 1_764_063_000.1239)
        for line in EmbeddedMetrics(registry, namespace: "name\"space").lines(at: time) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let aws = try #require(object["_aws"] as? [String: Any])
            #expect(aws["Timestamp"] as? Int == 1_764_063_000_123)
            let directives = try #require(aws["CloudWatchMetrics"] as? [[String: Any]])
            let directive = try #require(directives.first)
            #expect(directives.count == 1 && directive["Namespace"] as? String == "name\"space")
            let dimensions = try #require(directive["Dimensions"] as? [[String]])
            let metrics = try #require(directive["Metrics"] as? [[String: String]])
            #expect(dimensions.count == 1 && !metrics.isEmpty && metrics.count <= 100)
            #expect(dimensions[0].allSatisfy { object[$0] is String })
            for metric in metrics {
                let name = try #require(metric["Name"])
                let value = object[name]
                #expect(value is Double || value is [String: Double], "\(name)")
            }
            #expect(object.count == 1 + dimensions[0].count + metrics.count, "nothing else is in it")
        }
    }

    @Test func `units are those of CloudWatch`() throws {
        var random = SeededGenerator(seed: 3)
        fill(&random)
        var units: [String: String] = [:]
        for line in EmbeddedMetrics(registry).lines(at: .now) {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let aws = object?["_aws"] as? [String: Any]
            let directives = aws?["CloudWatchMetrics"] as? [[String: Any]]
            for metric in directives?.first?["Metrics"] as? [[String: String]] ?? [] {
                units[metric["Name"] ?? ""] = metric["Unit"]
            }
        }
        #expect(units["sg_revert_events_total"] == "Count")
        #expect(units["sg_revert_in_flight"] == "None")
        #expect(units["sg_revert_last_poll_timestamp_seconds"] == "Seconds")
        #expect(units["sg_revert_api_seconds"] == "Seconds")
        #expect(units.count == MetricFamily.all.count)
    }

    @Test func `what did not change is not told again, and what counts in between is told once`() {
        let embedded = EmbeddedMetrics(registry)
        let counter = registry.makeCounter(label: "sg_revert_duplicates_total", dimensions: [])
        counter.increment(by: 2)
        let first = embedded.lines(at: .now).joined()
        #expect(first.contains("\"sg_revert_duplicates_total\":2.0"))
        #expect(embedded.lines(at: .now).isEmpty)
        counter.increment(by: 5)
        let second = embedded.lines(at: .now).joined()
        #expect(second.contains("\"sg_revert_duplicates_total\":5.0"), "the change, not the total")
        #expect(PrometheusText(registry).text.contains("sg_revert_duplicates_total 7\n"), "the total, not the change")
    }
}
