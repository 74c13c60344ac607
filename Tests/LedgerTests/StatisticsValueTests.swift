import Formats
import Foundation
import SecurityGroups
import Testing

@testable import Ledger

/// Statistics of events that are made up here, without a file.
@Suite struct StatisticsValueTests {
    private static let base = Date(timeIntervalSince1970: 1_764_028_800)  // 00:00 UTC

    private func event(
        _ outcome: EventOutcome?,
        hours: Double? = 0,
        exposed: Int64? = nil,
        _ cells: [EventColumn: String] = [:]
    ) -> AuditEvent {
        var values = EventColumn.allCases.map { cells[$0].map(AuditValue.text) ?? .null }
        values[EventColumn.outcome.position] = AuditValue(outcome?.rawValue)
        let time = hours.map { RFC3339.format(Self.base.addingTimeInterval($0 * 3600)) }
        values[EventColumn.eventTime.position] = AuditValue(time)
        values[EventColumn.exposedMilliseconds.position] = exposed.map(AuditValue.integer) ?? .null
        return AuditEvent(values: values, eventID: "e", cursor: EventCursor(eventTime: "", eventID: "e"))
    }

    private func rule(_ decision: RuleDecision?, source: String = "0.0.0.0/0") -> AuditRule {
        let values = RuleColumn.allCases.map { column -> AuditValue in
            switch column {
            case .decision: AuditValue(decision?.rawValue)
            case .source: .text(source)
            default: .null
            }
        }
        return AuditRule(values: values, eventID: "e")
    }

    private func statistics(_ events: [(AuditEvent, [AuditRule])]) -> AuditStatistics {
        events.reduce(into: AuditStatistics()) { sums, event in
            sums.add(event.0, event.1) { $0[.source].text ?? "" }
        }
    }

    @Test(arguments: EventOutcome.allCases.map(Optional.some) + [nil])
    func `what broke the policy is an offence, whatever became of it`(_ outcome: EventOutcome?) {
        let offences: Set<EventOutcome?> = [.reverted, .reported, .suppressed, .notRestored, .failed, .unchanged]
        #expect(event(outcome).isOffence == offences.contains(outcome))
        let sums = statistics([(event(outcome), [rule(.revert)])])
        #expect(sums.worstActors(9).count == (offences.contains(outcome) ? 1 : 0))
        #expect(sums.outcomes == [outcome: 1] && sums.events == 1)
    }

    @Test(arguments: [RuleDecision.allow, .exempt, nil])
    func `an event of which no rule was to be reverted is no offence`(_ decision: RuleDecision?) {
        let sums = statistics([(event(.failed), [rule(decision)]), (event(.reverted), [])])
        #expect(sums.worstGroups(9).isEmpty && sums.hours.allSatisfy { $0 == 0 })
        #expect(sums.events == 2 && sums.timeline(9).map(\.offences) == [0])
    }

    @Test func `of an event with several rules those that were to be reverted count, each text once`() {
        let rules = [rule(.revert), rule(.revert), rule(.allow, source: "10.0.0.0/8"), rule(.revert, source: "::/0")]
        let worst = statistics([(event(.reverted, exposed: 7), rules)]).worstRules(9)
        #expect(worst.map(\.name) == ["0.0.0.0/0", "::/0"])
        #expect(
            worst.map(\.tally) == [.init(events: 1, exposedMilliseconds: 7), .init(events: 1, exposedMilliseconds: 7)]
        )
    }

    @Test func `an actor is named by the role, else by the caller, else as unknown`() {
        let cells: [[EventColumn: String]] = [
            [.issuerARN: "role", .actorARN: "session"], [.actorARN: "user"], [:], [.groupID: "sg-1"],
        ]
        let sums = statistics(cells.map { (event(.reverted, $0), [rule(.revert)]) })
        #expect(sums.worstActors(9).map(\.name) == ["unknown", "role", "user"])
        #expect(sums.worstGroups(9).map(\.name) == ["unknown", "sg-1"])
    }

    @Test func `the worst come first: by events, then by exposure, then by name, and no more than asked for`() {
        let events = [
            ("c", 1), ("b", 1), ("d", 5), ("a", nil), ("e", nil), ("e", nil),
        ].map { (event(.reverted, exposed: $0.1.map { Int64($0) }, [.groupID: $0.0]), [rule(.revert)]) }
        let sums = statistics(events)
        #expect(sums.worstGroups(9).map(\.name) == ["e", "d", "b", "c", "a"])
        #expect(sums.worstGroups(2).map(\.name) == ["e", "d"])
        #expect(sums.worstGroups(0).isEmpty)
    }

    /// An exposure in milliseconds, and its place in the histogram.
    @Test(arguments: [
        (Int64.min, 0), (0, 0), (999, 0), (1000, 1), (1999, 1), (2000, 2), (59_999, 5), (60_000, 6), (3_599_999, 8),
        (86_399_999, 9), (86_400_000, 10), (.max, 10),
    ])
    func `an exposure is counted under the first bound that it does not reach`(_ exposed: Int64, _ place: Int) {
        let sums = statistics([(event(.allowed, exposed: exposed), [])])
        #expect(sums.exposureHistogram.firstIndex(of: 1) == place)
        #expect(sums.exposureHistogram.count == AuditStatistics.exposureBounds.count + 1)
        #expect(sums.exposedEvents == 1)
    }

    @Test func `shares outside of 0 to 1 are the least and the most exposed`() {
        let sums = statistics([3, 1, 2].map { (event(.reverted, exposed: $0), [rule(.revert)]) })
        #expect(sums.exposures(at: [-1, 0, 0.34, 1, 7]) == [1, 1, 2, 3, 3])
        #expect(AuditStatistics().exposures(at: [0.5, 1]) == [nil, nil])
    }

    @Test(arguments: [(0.0, 0), (23.99, 23), (24, 0), (-1, 23), (-24 * 400, 0), (-500_000.5, 15)] as [(Double, Int)])
    func `an offence counts for its hour of the day, also before 1970`(_ hours: Double, _ hour: Int) {
        let sums = statistics([(event(.reverted, hours: hours), [rule(.revert)])])
        #expect(sums.hours.firstIndex(of: 1) == hour && sums.hours.reduce(0, +) == 1)
    }

    @Test func `an event without a time is in no hour and in no span, and counts otherwise`() {
        let sums = statistics([(event(.reverted, hours: nil, [.groupID: "sg-1"]), [rule(.revert)])])
        #expect(sums.events == 1 && sums.worstGroups(9).count == 1)
        #expect(sums.hours.allSatisfy { $0 == 0 } && sums.timeline(9).isEmpty)
    }

    /// The hours from the first event to the last, the most spans, and the width of each in hours.
    @Test(
        arguments: [
            (0.0, 10, 1.0), (9, 10, 1), (10, 10, 2), (216, 10, 22), (240, 10, 48), (720, 10, 96), (100, 1, 192),
        ] as [(Double, Int, Double)]
    )
    func `spans are whole hours up to a day, and whole days beyond`(_ hours: Double, _ count: Int, _ width: Double) {
        let sums = statistics([(event(.allowed), []), (event(.reverted, hours: hours), [rule(.revert)])])
        let spans = sums.timeline(count)
        #expect(spans.count <= count && spans.map(\.events).reduce(0, +) == 2)
        #expect(spans.last?.offences == 1)
        for (first, second) in zip(spans, spans.dropFirst()) {
            #expect(second.start.timeIntervalSince(first.start) == width * 3600)
        }
        if spans.count == 1, hours > 0 { #expect(width >= hours) }
    }
}
