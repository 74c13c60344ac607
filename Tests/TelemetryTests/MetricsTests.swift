import CoreMetrics
import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// Metrics have the names of the contract, and no text of an event.
@Suite struct MetricsTests {
    private let registry = MetricRegistry()

    private func text() -> [String] {
        PrometheusText(registry).text.split(separator: "\n").map(String.init)
    }

    @Test func `the families are those of the contract, each with help and type`() {
        #expect(
            MetricFamily.all.map(\.name)
                == [
                    "messages_received_total", "events_total", "rules_total", "duplicates_total", "dead_lettered_total",
                    "api_calls_total", "api_seconds", "exposed_seconds", "in_flight", "waiting", "outage",
                    "standing_unexplained", "exempt_active", "last_poll_timestamp_seconds", "ledger_commit_seconds",
                ]
                .map { "sg_revert_\($0)" }
        )
    }

    @Test func `a counter counts by its labels, and only upwards`() {
        let labels = [("action", "DescribeSecurityGroups"), ("service", "ec2"), ("result", "success")]
        registry.makeCounter(label: "sg_revert_api_calls_total", dimensions: labels).increment(by: 2)
        registry.makeCounter(label: "sg_revert_api_calls_total", dimensions: labels).increment(by: 1)
        registry.makeCounter(label: "sg_revert_api_calls_total", dimensions: labels).increment(by: -5)
        let line = "sg_revert_api_calls_total{service=\"ec2\",action=\"DescribeSecurityGroups\",result=\"success\"} 3"
        #expect(text().contains(line))
        #expect(text().contains("# TYPE sg_revert_api_calls_total counter"))
        #expect(text().contains("sg_revert_messages_received_total 0"))
    }

    @Test func `a histogram has cumulative buckets, a sum and a count`() {
        for milliseconds in [50, 200, 2000, 1_000_000_000] as [Int64] {
            registry.makeTimer(label: "sg_revert_exposed_seconds", dimensions: [])
                .recordNanoseconds(milliseconds * 1_000_000)
        }
        #expect(text().contains("sg_revert_exposed_seconds_bucket{le=\"0.1\"} 1"))
        #expect(text().contains("sg_revert_exposed_seconds_bucket{le=\"0.25\"} 2"))
        #expect(text().contains("sg_revert_exposed_seconds_bucket{le=\"86400\"} 3"))
        #expect(text().contains("sg_revert_exposed_seconds_bucket{le=\"+Inf\"} 4"))
        #expect(text().contains("sg_revert_exposed_seconds_count 4"))
    }

    @Test func `a label that is no word counts as other, and an unknown metric as none`() {
        for value in ["a b", "x\"}\ny", "é", String(repeating: "a", count: 65), "\u{1B}[2J"] {
            registry.makeCounter(label: "sg_revert_events_total", dimensions: [("outcome", value)]).increment(by: 1)
        }
        registry.makeCounter(label: "sg_revert_evil_total", dimensions: []).increment(by: 1)
        #expect(text().contains("sg_revert_events_total{outcome=\"other\"} 5"))
        #expect(!text().contains { $0.contains("evil") })
    }

    @Test func `the number of series is bounded`() {
        for number in 0..<5000 {
            registry.makeCounter(label: "sg_revert_events_total", dimensions: [("outcome", "o\(number)")]).increment(
                by: 1
            )
        }
        #expect(text().count < 1200)
        #expect(text().contains { $0.hasPrefix("sg_revert_events_total{outcome=\"other\"} ") })
    }

    @Test func `embedded metrics tell what came since the last time, gauges as they are`() throws {
        let embedded = EmbeddedMetrics(registry)
        registry.makeCounter(label: "sg_revert_events_total", dimensions: [("outcome", "reverted")]).increment(by: 3)
        registry.makeMeter(label: "sg_revert_in_flight", dimensions: []).set(7.0)
        registry.makeTimer(label: "sg_revert_exposed_seconds", dimensions: []).recordNanoseconds(500_000_000)
        let first = embedded.lines(at: Date(timeIntervalSince1970: 1))
        let objects = try first.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let event = try #require(objects.first { $0["outcome"] as? String == "reverted" })
        #expect(event["sg_revert_events_total"] as? Double == 3)
        let plain = try #require(objects.first { $0["outcome"] == nil })
        #expect(plain["sg_revert_in_flight"] as? Double == 7)
        #expect((plain["sg_revert_exposed_seconds"] as? [String: Double])?["Sum"] == 0.5)
        let aws = try #require(event["_aws"] as? [String: Any])
        #expect(aws["Timestamp"] as? Int == 1000)
        let second = embedded.lines(at: Date(timeIntervalSince1970: 2))
        #expect(second.count == 1 && !second[0].contains("exposed") && second[0].contains("in_flight"))
    }

    /// The registry with a series of each family.
    private func fill() {
        for family in MetricFamily.all {
            let dimensions = family.labels.map { ($0, "x") }
            switch family.kind {
            case .counter: registry.makeCounter(label: family.name, dimensions: dimensions).increment(by: 1)
            case .gauge: registry.makeMeter(label: family.name, dimensions: dimensions).set(1.5)
            case .histogram: registry.makeTimer(label: family.name, dimensions: dimensions).recordNanoseconds(1_000_000)
            }
        }
    }

    @Test func `the documentation's table has every metric as the program has it, and no other`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = root.appendingPathComponent("Sources/Telemetry/Telemetry.docc/Metrics.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `sg_revert_") }.map(String.init)
        let expected = MetricFamily.all.map { family in
            let labels = family.labels.isEmpty ? "–" : family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(family.typeName) | \(labels) | \(family.help) |"
        }
        #expect(rows == expected)
    }

    /// Where promtool is; nil where there is none.
    private static let promtool: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return ([root.appendingPathComponent(".venv/bin").path] + places).map { $0 + "/promtool" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    @Test(.enabled(if: promtool != nil))
    func `Prometheus's own tool finds no fault with the text`() throws {
        fill()
        let result = try ChildProcess.run(
            URL(fileURLWithPath: try #require(Self.promtool)),
            ["check", "metrics"],
            input: PrometheusText(registry).text
        )
        #expect(result.exitCode == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
    }
}
