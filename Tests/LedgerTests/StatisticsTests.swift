import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct StatisticsTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    /// The sums over events of the given hour, outcome, exposure and actor.
    private func statistics(
        _ events: [(hour: Double, outcome: EventOutcome?, exposed: Int64?, actor: String)]
    ) async throws -> AuditStatistics {
        let ledger = try test.open()
        for (number, event) in events.enumerated() {
            let facts = EventFacts(
                eventID: "e\(number)",
                eventName: "Authorize",
                groupID: "sg-\(number % 2)",
                actorARN: "session",
                issuerARN: event.actor,
                eventTime: Date(timeIntervalSince1970: event.hour * 3600)
            )
            let claim = try await ledger.claim(facts).claim
            guard let outcome = event.outcome else { continue }
            let rules = [RuleResult.rule("sgr-1", .reverted), .rule("sgr-2", .reverted)]
            try await claim.finish(
                in: ledger,
                RunResult(outcome: outcome, rules: rules, exposedMilliseconds: event.exposed)
            )
        }
        var sums = AuditStatistics()
        var stream = EventStream([try LedgerReader(path: test.path)], matching: EventFilter(), withRules: true)
        while let (event, rules) = try stream.next() {
            sums.add(event, rules) { $0[.source].text ?? "" }
        }
        return sums
    }

    @Test func `nothing adds up to nothing`() async throws {
        let sums = try await statistics([])
        #expect(sums.events == 0 && sums.outcomes.isEmpty && sums.exposures(at: [0.5, 1]) == [nil, nil])
        #expect(sums.timeline(9).isEmpty && sums.worstActors(9).isEmpty)
        #expect(sums.exposureHistogram == [Int](repeating: 0, count: 11))
    }

    @Test func `outcomes are counted, and who broke the policy is named by its role`() async throws {
        let sums = try await statistics([
            (26, .reverted, 1500, "a"), (26, .reverted, 2500, "b"), (27, .unchanged, nil, "b"),
            (50, .allowed, nil, "c"), (51, .ignored, nil, "c"), (51, nil, nil, "c"), (51, .failed, nil, "a"),
            (51, .suppressed, nil, "b"), (51, .deadLettered, nil, "c"),
        ])
        #expect(sums.events == 9 && sums.outcomes[.reverted] == 2 && sums.outcomes[nil] == 1)
        #expect(sums.worstActors(9).map(\.name) == ["b", "a"])
        #expect(sums.worstActors(1).map { [Int64($0.tally.events), $0.tally.exposedMilliseconds] } == [[3, 2500]])
        #expect(sums.worstGroups(9).map(\.tally.events) == [3, 2])
        // Two rules of one event that read the same are one.
        #expect(sums.worstRules(9).map(\.tally.events) == [5])
        #expect(sums.hours[2] == 2 && sums.hours[3] == 3 && sums.hours.reduce(0, +) == 5)
        #expect(sums.exposureHistogram.prefix(3) == [0, 1, 1])
    }

    @Test func `the share of exposures is by nearest rank`() async throws {
        let sums = try await statistics((1...20).map { (Double($0), .reverted, Int64($0 * 1000), "a") })
        #expect(sums.exposures(at: [0.5, 0.95, 1, 0]) == [10_000, 19_000, 20_000, 1000])
    }

    @Test(arguments: [(1, 1), (10, 10), (24, 8), (1000, 10), (100_000, 10)])
    func `the timeline leaves no span out`(_ hours: Int, _ spans: Int) async throws {
        let sums = try await statistics([(0, .reverted, 1, "a"), (Double(hours - 1), .allowed, nil, "a")])
        let timeline = sums.timeline(10)
        #expect(timeline.count <= 10 && timeline.count >= min(spans, 7))
        #expect(timeline.map(\.events).reduce(0, +) == 2 && timeline.map(\.offences).reduce(0, +) == 1)
        let widths = zip(timeline, timeline.dropFirst()).map { $1.start.timeIntervalSince($0.start) }
        #expect(Set(widths).count <= 1)
    }
}
