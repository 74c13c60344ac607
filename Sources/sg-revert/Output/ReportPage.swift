import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

/// The report: one HTML page without other files. Text of others goes through `escaped`.
struct ReportPage {
    private let made: Date
    private let filter: EventFilter
    private var statistics = AuditStatistics()
    private var tableRows = ""
    /// The number of events in the table.
    private(set) var listed = 0
    /// The rules that stand without a reason.
    private var unexplained: [AuditStandingRule] = []
    /// The exemptions that end, and have not ended.
    private var temporary: [TemporaryAccess] = []

    /// Creates an empty page.
    init(made: Date, filter: EventFilter) {
        self.made = made
        self.filter = filter
    }

    /// Adds an event to the statistics and, if it is to be listed, to the table.
    mutating func add(_ event: AuditEvent, _ rules: [AuditRule], isListed: Bool) {
        statistics.add(event, rules, words: kind(of:))
        guard isListed else { return }
        listed += 1
        tableRows += Self.row(event, rules)
    }

    /// Adds what one ledger knows of the present: rules that stand without a reason, and temporary access.
    mutating func add(standing: [AuditStandingRule], exemptions: [TemporaryExemption]) {
        unexplained += standing
        temporary += exemptions.map(TemporaryAccess.init).filter { $0.end > made }
    }

    /// Adds the temporary access that a policy gives.
    mutating func add(_ policy: Policy) {
        temporary += policy.exempt.compactMap(TemporaryAccess.init).filter { $0.end > made }
    }

    /// The page.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>Security group reverts</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <header>
        <h1>Security group reverts</h1>
        <p class="quiet">\(escaped(span)). Made \(time(RFC3339.format(made))). All times UTC.</p>
        </header>
        <main>
        \(tiles)
        \(section("Standing without a reason", Self.standingTable(unexplained)))
        \(section("Temporary access", Self.accessTable(temporary)))
        <div class="charts">
        \(section("How long rules stood open", exposureChart))
        \(section("Events over time", timelineChart))
        \(section("Who opened the most", list(statistics.worstActors(10))))
        \(section("Groups", list(statistics.worstGroups(10))))
        \(section("Rules", list(statistics.worstRules(10))))
        \(section("Hour of day", hourChart))
        </div>
        \(events)
        </main>
        <script>\(Self.script)</script>
        </body>
        </html>

        """
    }

    private var span: String {
        var parts: [String] = []
        if let since = filter.since { parts.append("from \(RFC3339.format(since).prefix(16))") }
        if let until = filter.until { parts.append("until \(RFC3339.format(until).prefix(16))") }
        for (label, value) in [
            ("event", filter.eventID), ("group", filter.group), ("account", filter.account), ("Region", filter.region),
            ("actor", filter.actor), ("outcome", filter.outcome?.rawValue),
        ] {
            if let value { parts.append("\(label) \(plainText(value))") }
        }
        return parts.isEmpty ? "Everything in the ledger" : "Events " + parts.joined(separator: ", ")
    }

    private var tiles: String {
        let exposures = statistics.exposures(at: [0.5, 0.95, 1]).map { $0.map(durationInWords) ?? "–" }
        let all =
            [("events", String(statistics.events))] + statistics.outcomesInOrder.map { ($0, String($1)) }
            + [("median exposure", exposures[0]), ("95 % within", exposures[1]), ("longest", exposures[2])]
        let tiles = all.map { label, value in
            "<div class=\"tile\"><b>\(escaped(value))</b><span>\(escaped(label))</span></div>"
        }
        return "<div class=\"tiles\">\(tiles.joined())</div>"
    }

    private func section(_ title: String, _ content: String) -> String {
        "<section><h2>\(title)</h2>\(content.isEmpty ? "<p class=\"quiet\">Nothing.</p>" : content)</section>"
    }

    private func list(_ offenders: [AuditStatistics.Offender]) -> String {
        guard let most = offenders.first?.tally.events, most > 0 else { return "" }
        let items = offenders.map { name, tally in
            let open = tally.exposedMilliseconds > 0 ? ", open \(durationInWords(tally.exposedMilliseconds))" : ""
            return """
                <li><span class="name">\(escaped(name))</span><span class="number">\(tally.events)\(open)</span>\
                <meter min="0" max="\(most)" value="\(tally.events)"></meter></li>
                """
        }
        return "<ol class=\"top\">\(items.joined())</ol>"
    }

    private var exposureChart: String {
        guard statistics.exposedEvents > 0 else { return "" }
        let labels = AuditStatistics.exposureBounds.map { "< " + Self.bound($0) } + ["longer"]
        return columnChart(zip(labels, statistics.exposureHistogram).map { ($0, $1, 0) }, everyLabel: 1)
    }

    private var timelineChart: String {
        let spans = statistics.timeline(40)
        let bars = spans.map {
            (
                RFC3339.format($0.start).prefix(13).replacingOccurrences(of: "T", with: " "), $0.offences,
                $0.events - $0.offences
            )
        }
        let legend = "<p class=\"legend\"><i class=\"first\"></i>broke the policy <i class=\"second\"></i>other</p>"
        return bars.isEmpty ? "" : columnChart(bars, everyLabel: max(1, bars.count / 4)) + legend
    }

    private var hourChart: String {
        guard statistics.hours.contains(where: { $0 > 0 }) else { return "" }
        return columnChart(statistics.hours.enumerated().map { ("\($0):00", $1, 0) }, everyLabel: 6)
    }

    private static func bound(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case 86_400_000: "1 d"
        case 3_600_000: "1 h"
        case 60_000...: "\(milliseconds / 60_000) min"
        default: "\(milliseconds / 1000) s"
        }
    }

    private var events: String {
        let more = statistics.events - listed
        let note = more > 0 ? "<p class=\"quiet\">The newest \(listed); \(more) more are in the sums above.</p>" : ""
        let heads = ["Called", "Outcome", "Group", "Who", "What", "Open for"].map {
            "<th><button type=\"button\">\($0)</button></th>"
        }
        return """
            <section class="events"><h2>Events</h2>\(note)
            <input type="search" id="search" placeholder="Search all columns" aria-label="Search the events">
            <p class="quiet" id="count" aria-live="polite"></p>
            <table id="events"><thead><tr>\(heads.joined())</tr></thead>
            <tbody>
            \(tableRows)</tbody></table></section>
            """
    }

    private static func row(_ event: AuditEvent, _ rules: [AuditRule]) -> String {
        let outcome = event.outcome?.rawValue ?? "unfinished"
        let exposed = event[.exposedMilliseconds].integer
        let who = event[.issuerARN].text ?? event[.actorARN].text ?? "–"
        let facts = zip(AuditEvent.columns, event.values).compactMap { column, value in
            value == .null ? nil : "<dt>\(column)</dt><dd>\(escaped(tableCell(value)))</dd>"
        }
        let lines = rules.map { rule in
            let decided = [rule[.decision], rule[.reason]].compactMap(\.text).joined(separator: " by ")
            let undo = rule[.undo].text.map { "<code>\(escaped($0))</code>" } ?? ""
            return "<li><b>\(escaped(tableCell(rule[.outcome])))</b> \(escaped(words(rule)))"
                + "<br><span class=\"quiet\">\(escaped(decided))</span>\(undo)</li>"
        }
        let what = rules.first.map { kind(of: $0) } ?? tableCell(event[.eventName])
        let others = rules.count > 1 ? " and \(rules.count - 1) more" : ""
        return """
            <tr><td data-label="Called" data-sort="\(escaped(event[.eventTime].text ?? ""))">\
            \(event[.eventTime].text.map(time) ?? "–")</td>\
            <td data-label="Outcome"><span class="tag \(outcome)">\(outcome)</span></td>\
            <td data-label="Group">\(escaped(tableCell(event[.groupID])))</td>\
            <td data-label="Who">\(escaped(who))</td>\
            <td data-label="What"><details><summary>\(escaped(what + others))</summary>\
            <ul>\(lines.joined())</ul><dl>\(facts.joined())</dl></details></td>\
            <td data-label="Open for" data-sort="\(exposed ?? -1)">\(exposed.map(durationInWords) ?? "–")</td></tr>

            """
    }
}

/// A time of the ledger, for people.
private func time(_ text: String) -> String {
    let short = text.prefix(19).replacingOccurrences(of: "T", with: " ")
    return "<time datetime=\"\(escaped(text))\">\(escaped(short))</time>"
}
