import CoreMetrics
import Foundation
import Synchronization
import Testing

@testable import Telemetry

/// Counts for tests, from 1.
final class SeriesOfNumbers: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock { last in
            last += 1
            return last
        }
    }
}

/// The arithmetic of one series.
@Suite struct MetricSeriesTests {
    private func series(_ name: String) throws -> MetricSeries {
        MetricSeries(try #require(MetricFamily.byName["sg_revert_\(name)"]))
    }

    @Test(arguments: [0, -1, -0.5, .nan, .infinity, -.infinity] as [Double])
    func `a counter takes no amount that is not a positive number`(amount: Double) throws {
        let counter = try series("events_total")
        counter.add(2)
        counter.add(amount)
        #expect(counter.value.total == 2 && counter.value.count == 1)
        #expect(counter.takeChange().total == 2)
    }

    @Test(arguments: [.nan, .infinity, -.infinity] as [Double])
    func `a gauge keeps its value where it is told a number that is none`(value: Double) throws {
        let gauge = try series("in_flight")
        gauge.put(-3)
        gauge.put(value)
        gauge.change(by: value)
        #expect(gauge.value.total == -3)
    }

    @Test func `a gauge is set, goes up and goes down`() throws {
        let gauge = try series("in_flight")
        gauge.set(5 as Int64)
        gauge.increment(by: 2.0)
        gauge.decrement(by: 8.0)
        #expect(gauge.value.total == -1)
        gauge.record(4 as Int64)
        gauge.increment(by: 0.5)
        #expect(gauge.value.total == 4.5)
        gauge.record(0.25)
        gauge.set(0.75)
        #expect(gauge.value.total == 0.75)
    }

    @Test func `a measurement at a bound counts under it, and one above every bound under none`() throws {
        let histogram = try series("ledger_commit_seconds")
        for seconds in [0, 0.001, 0.0011, 30, 30.001] { histogram.measure(seconds) }
        let value = histogram.value
        #expect(value.buckets.first == 2, "0 and 0.001")
        #expect(value.buckets[1] == 1, "0.0011")
        #expect(value.buckets.last == 1, "30")
        #expect(value.buckets.reduce(0, +) == 4 && value.count == 5)
        #expect(value.least == 0 && value.most == 30.001)
        #expect(abs(value.total - 60.0031) < 1e-9)
    }

    @Test(arguments: [-1, .nan, .infinity] as [Double])
    func `a time that cannot be is not measured`(seconds: Double) throws {
        let histogram = try series("exposed_seconds")
        histogram.measure(seconds)
        histogram.recordNanoseconds(-5)
        #expect(histogram.value.count == 0 && histogram.value.total == 0)
    }

    @Test func `a change is what came since the last one was taken, and the whole stays`() throws {
        let histogram = try series("exposed_seconds")
        #expect(histogram.takeChange().count == 0)
        histogram.measure(4)
        histogram.measure(2)
        var change = histogram.takeChange()
        #expect(change.count == 2 && change.total == 6 && change.least == 2 && change.most == 4)
        histogram.measure(9)
        change = histogram.takeChange()
        #expect(change.count == 1 && change.least == 9 && change.most == 9 && change.buckets.reduce(0, +) == 1)
        #expect(histogram.takeChange().count == 0)
        #expect(histogram.value.count == 3 && histogram.value.least == 2)
    }

    @Test func `nanoseconds become seconds`() throws {
        let histogram = try series("api_seconds")
        histogram.recordNanoseconds(1_500_000_000)
        #expect(histogram.value.total == 1.5)
    }

    @Test func `nothing is lost where many count at once`() async throws {
        let counter = try series("events_total")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { counter.increment(by: 1 as Int64) } }
            }
        }
        #expect(counter.value.total == 8000 && counter.takeChange().count == 8000)
    }
}

/// The registry as swift-metrics sees it.
@Suite struct MetricRegistryTests {
    private let registry = MetricRegistry()

    private func count(_ dimensions: [(String, String)], _ name: String = "api_calls_total") {
        registry.makeCounter(label: "sg_revert_\(name)", dimensions: dimensions).increment(by: 1)
    }

    private func labels(_ name: String) throws -> [[String]] {
        registry.series(of: try #require(MetricFamily.byName["sg_revert_\(name)"])).map(\.labels)
    }

    @Test func `labels are in the order of the family, however they are given`() throws {
        count([("service", "ec2"), ("action", "DescribeSecurityGroups"), ("result", "success")])
        count([("result", "success"), ("service", "ec2"), ("action", "DescribeSecurityGroups")])
        #expect(try labels("api_calls_total") == [["ec2", "DescribeSecurityGroups", "success"]])
    }

    @Test func `a label that is missing is empty, and one that the family does not have is dropped`() throws {
        count([("service", "sqs"), ("event", "secret")])
        #expect(try labels("api_calls_total") == [["sqs", "", ""]])
    }

    @Test(arguments: [
        ("a", "a"), ("us-gov-east-1", "us-gov-east-1"), ("Describe_Rules.2", "Describe_Rules.2"),
        (String(repeating: "a", count: 64), String(repeating: "a", count: 64)),
        (String(repeating: "a", count: 65), "other"), ("a b", "other"), ("a/b", "other"), ("a\n", "other"),
        ("é", "other"),
        ("\"", "other"), ("{}", "other"), ("", ""),
    ])
    func `only a short word is a label`(_ text: String, label: String) throws {
        count([("outcome", text)], "events_total")
        #expect(try labels("events_total") == [[label]])
    }

    @Test func `counters and histograms without labels are there from the start, and gauges once they are set`() throws
    {
        let there = try MetricFamily.all.filter { try !labels(String($0.name.dropFirst("sg_revert_".count))).isEmpty }
        #expect(there.allSatisfy { $0.labels.isEmpty && $0.kind != .gauge })
        #expect(there.map(\.name).contains("sg_revert_messages_received_total"))
        #expect(!there.map(\.name).contains("sg_revert_in_flight"))
        registry.makeMeter(label: "sg_revert_in_flight", dimensions: []).set(0 as Int64)
        #expect(try labels("in_flight") == [[]])
    }

    @Test func `a metric that is destroyed keeps its numbers`() throws {
        let counter = registry.makeCounter(label: "sg_revert_duplicates_total", dimensions: [])
        counter.increment(by: 3)
        registry.destroyCounter(counter)
        let again = registry.makeCounter(label: "sg_revert_duplicates_total", dimensions: [])
        again.increment(by: 1)
        again.reset()
        #expect(PrometheusText(registry).text.contains("sg_revert_duplicates_total 4\n"))
    }

    @Test func `the text of one family does not use up the series of another`() throws {
        for number in 0..<2000 { count([("outcome", "o\(number)")], "events_total") }
        registry.makeMeter(label: "sg_revert_in_flight", dimensions: []).set(7 as Int64)
        count([("reason", "not-json")], "dead_lettered_total")
        let text = PrometheusText(registry).text
        #expect(text.contains("sg_revert_in_flight 7\n"))
        #expect(text.contains("sg_revert_dead_lettered_total{reason="), "counted, as other")
    }
}
