import ArgumentParser
import Foundation
import Ledger
import SecurityGroups

struct AuditQueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "List events, newest first.",
        discussion: """
            Times are UTC, RFC 3339 with milliseconds. --since and --until take a duration (15m, 24h, 30d: that long ago) or an RFC 3339 time, and mean the event's time.

            Columns (the ledger's view audit_events):
            \(columnHelp(AuditColumn.events))

            With --rules, and in json and jsonl in each event's "rules" (the view audit_rules):
            \(columnHelp(AuditColumn.rules))
            """
    )

    @OptionGroup var ledger: AuditLedgerOptions

    @OptionGroup var filter: EventFilterOptions

    @Option(
        help: ArgumentHelp("At most so many events, 0 for all. (default: 100 in a table, else all)", valueName: "n")
    )
    var limit: Int?

    @Flag(help: "One line for each rule instead of each event.")
    var rules = false

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var config: ConfigOptions

    /// The columns that fit on a screen.
    private static let eventTable = [
        "event_time", "outcome", "group_id", "region", "event_name", "issuer_arn", "exposed_ms", "event_id",
    ]
    private static let ruleTable = [
        "event_id", "outcome", "group_id", "direction", "protocol", "from_port", "to_port", "source", "rule_id",
    ]
    func validate() throws {
        guard limit ?? 0 >= 0 else { throw ValidationError("--limit must be 0 or more") }
    }

    func run() async throws {
        let settings = try config.settings()
        let filter = try filter.filter(now: Date())
        try await asking { try query(ledger.readers(settings), filter) }
    }

    private func query(_ readers: [LedgerReader], _ filter: EventFilter) throws {
        let limit = limit ?? (format.format == .table ? 100 : 0)
        let columns = rules ? AuditRule.columns : AuditEvent.columns
        var printer = RowPrinter(
            format: format.format,
            columns: columns,
            tableColumns: rules ? Self.ruleTable : Self.eventTable,
            style: try format.style(among: columns)
        )
        let needsRules = rules || format.format == .json || format.format == .jsonl
        var events = EventStream(readers, matching: filter, withRules: needsRules)
        var count = 0
        while limit == 0 || count < limit, let (event, found) = try events.next() {
            count += 1
            if rules {
                for rule in found { printer.print(Row(AuditRule.columns, rule.values)) }
            } else {
                printer.print(Row(event, found))
            }
        }
        printer.finish()
        if format.format == .table, printer.count == 0 {
            complain("no \(rules ? "rules" : "events") in the ledger match")
        }
        if format.format == .table, limit > 0, count == limit {
            let more = try remaining(events, readers, filter, shown: count)
            if more > 0 { complain("\(more) more (--limit 0: all)") }
        }
    }

    /// The number of further events. One ledger can be counted. Several ledgers may have the same events, so they must
    /// be read to the end.
    private func remaining(
        _ events: EventStream,
        _ readers: [LedgerReader],
        _ filter: EventFilter,
        shown: Int
    ) throws -> Int {
        if readers.count == 1 { return try readers[0].count(matching: filter) - shown }
        var events = events
        var count = 0
        while try events.next() != nil { count += 1 }
        return count
    }
}
