import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

extension Row {
    /// The statistics as one object with a list for each section.
    init(_ statistics: AuditStatistics, top: Int) {
        let exposures = statistics.exposures(at: [0.5, 0.95, 1]).map { $0.map(AuditValue.integer) ?? .null }
        self.init(
            ["events", "exposed_events", "exposed_ms_median", "exposed_ms_p95", "exposed_ms_max"],
            [.integer(Int64(statistics.events)), .integer(Int64(statistics.exposedEvents))] + exposures
        )
        func offenders(_ key: String, _ list: [AuditStatistics.Offender]) -> [Row] {
            list.map { name, tally in
                Row(
                    [key, "events", "exposed_ms"],
                    [.text(name), .integer(Int64(tally.events)), .integer(tally.exposedMilliseconds)]
                )
            }
        }
        func counts(_ key: String, _ list: [(AuditValue, Int)]) -> [Row] {
            list.map { Row([key, "events"], [$0, .integer(Int64($1))]) }
        }
        let outcomes = statistics.outcomesInOrder.map { (AuditValue.text($0), $1) }
        children = [
            ("outcomes", counts("outcome", outcomes)),
            ("actors", offenders("actor", statistics.worstActors(top))),
            ("groups", offenders("group_id", statistics.worstGroups(top))),
            ("rules", offenders("rule", statistics.worstRules(top))),
            ("hours", counts("hour", statistics.hours.enumerated().map { (.integer(Int64($0)), $1) })),
            (
                "timeline",
                counts("start", statistics.timeline(60).map { (.text(RFC3339.format($0.start)), $0.offences) })
            ),
        ]
    }
}

extension AuditStatistics {
    /// The outcomes that occur, the most frequent first; `unfinished` for events without one.
    var outcomesInOrder: [(String, Int)] {
        outcomes.map { ($0?.rawValue ?? "unfinished", $1) }.sorted { ($0.1, $1.0) > ($1.1, $0.0) }
    }
}

/// The statistics for people. On a terminal they have bars.
func statisticsText(_ statistics: AuditStatistics, top: Int, hasBars: Bool) -> String {
    var lines = ["\(statistics.events) events"]
    let exposures = statistics.exposures(at: [0.5, 0.95, 1]).map { $0.map(durationInWords) ?? "-" }
    lines.append("exposure: median \(exposures[0]), 95 % within \(exposures[1]), longest \(exposures[2])")

    func section(_ title: String, _ rows: [(name: String, count: Int, note: String)]) {
        guard !rows.isEmpty else { return }
        lines += ["", title]
        let most = max(rows.map(\.count).max() ?? 1, 1)
        let width = rows.map { String($0.count).count }.max() ?? 1
        for row in rows {
            let number = String(repeating: " ", count: width - String(row.count).count) + String(row.count)
            let bar = hasBars ? " " + meter(row.count, of: most) : ""
            lines.append("  \(number)\(bar)  \(plainText(row.name))\(row.note)")
        }
    }
    func offenders(_ title: String, _ list: [AuditStatistics.Offender]) {
        section(
            title,
            list.map { name, tally in
                (
                    name, tally.events,
                    tally.exposedMilliseconds > 0 ? "  (open \(durationInWords(tally.exposedMilliseconds)))" : ""
                )
            }
        )
    }
    section("Outcomes", statistics.outcomesInOrder.map { ($0, $1, "") })
    offenders("Who opened the most", statistics.worstActors(top))
    offenders("Groups", statistics.worstGroups(top))
    offenders("Rules", statistics.worstRules(top))
    lines += hourLines(statistics.hours, hasBars: hasBars)
    if hasBars { lines += timelineLines(statistics) }
    return lines.joined(separator: "\n") + "\n"
}

/// The events of each hour of the day; no lines without events.
private func hourLines(_ hours: [Int], hasBars: Bool) -> [String] {
    guard hours.contains(where: { $0 > 0 }) else { return [] }
    let chart =
        hasBars
        ? ["  \(sparkline(hours))", "  0     6     12    18"]
        : ["  " + hours.enumerated().map { "\($0):\($1)" }.joined(separator: " ")]
    return ["", "Hour of day (UTC)"] + chart
}

/// The offences over time; no lines for a single moment.
private func timelineLines(_ statistics: AuditStatistics) -> [String] {
    let timeline = statistics.timeline(60)
    guard timeline.count > 1, let first = timeline.first, let last = timeline.last else { return [] }
    let span = "\(RFC3339.format(first.start).prefix(16)) to \(RFC3339.format(last.start).prefix(16))"
    return ["", span, "  \(sparkline(timeline.map(\.offences)))"]
}

/// A bar of up to 12 cells in eighths.
private func meter(_ count: Int, of most: Int) -> String {
    let eighths = Int((Double(count) / Double(most) * 96).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let bar = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return bar + String(repeating: " ", count: 12 - bar.count)
}

/// One character for each number. Its height is the number's share of the largest one.
func sparkline(_ values: [Int]) -> String {
    let steps = Array("▁▂▃▄▅▆▇█")
    let most = max(values.max() ?? 1, 1)
    return String(values.map { $0 == 0 ? " " : steps[min($0 * 8 / most, 7)] })
}
