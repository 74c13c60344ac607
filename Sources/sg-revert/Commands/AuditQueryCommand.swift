import ArgumentParser
import Foundation
import Ledger
import SecurityGroups

struct AuditQueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "List events, newest first.",
        discussion: """
            The columns are those of the ledger's view audit_events, with --rules those of audit_rules. Times are UTC. \
            --since and --until take a duration (15m, 24h, 30d: that long ago) or an RFC 3339 time, and mean the event's time.
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Option(name: .customLong("event-id"), help: ArgumentHelp("This event.", valueName: "id"))
    var eventID: String?

    @Option(help: ArgumentHelp("Events of this security group.", valueName: "id"))
    var group: String?

    @Option(help: ArgumentHelp("Events of this account.", valueName: "number"))
    var account: String?

    @Option(help: ArgumentHelp("Events of this Region.", valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp("Events by this ARN, of the caller or of the role behind the session.", valueName: "arn")
    )
    var actor: String?

    @Option(help: ArgumentHelp("Events with this outcome.", valueName: "outcome"))
    var outcome: String?

    @Option(help: ArgumentHelp("Events from this time on.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Events before this time.", valueName: "time"))
    var until: String?

    @Option(
        help: ArgumentHelp("At most so many events, 0 for all. (default: 100 in a table, else all)", valueName: "n")
    )
    var limit: Int?

    @Flag(help: "One line for each rule instead of each event.")
    var rules = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var config: ConfigOptions

    /// What fits on a screen.
    private static let eventTable = [
        "event_time", "outcome", "group_id", "region", "event_name", "issuer_arn", "exposed_ms", "event_id",
    ]
    private static let ruleTable = [
        "event_id", "outcome", "group_id", "direction", "protocol", "from_port", "to_port", "source", "rule_id",
    ]
    /// Reads are short, so that a report never keeps a worker from writing.
    private static let pageSize = 500

    func validate() throws {
        guard limit ?? 0 >= 0 else { throw ValidationError("--limit must be 0 or more") }
    }

    func run() async throws {
        let path = try ledger.path(config.settings())
        let filter = try filter(now: Date())
        do {
            try query(LedgerReader(path: path), filter: filter)
        } catch let error as LedgerError {
            throw RunFailure(description: "\(error)")
        }
    }

    private func query(_ reader: LedgerReader, filter: EventFilter) throws {
        let limit = limit ?? (format.format == .table ? 100 : 0)
        var printer = RowPrinter(
            format: format.format,
            columns: rules ? AuditRule.columns : AuditEvent.columns,
            tableColumns: rules ? Self.ruleTable : Self.eventTable
        )
        var cursor: EventCursor?
        var count = 0
        while limit == 0 || count < limit {
            let size = limit == 0 ? Self.pageSize : min(Self.pageSize, limit - count)
            let events = try reader.events(matching: filter, after: cursor, limit: size)
            try print(events, from: reader, with: &printer)
            count += events.count
            cursor = events.last?.cursor
            guard events.count == size else { break }
        }
        printer.finish()
        if format.format == .table, limit > 0, count == limit {
            let more = try reader.count(matching: filter) - count
            if more > 0 { complain("\(more) more (--limit 0: all)") }
        }
    }

    private func print(_ events: [AuditEvent], from reader: LedgerReader, with printer: inout RowPrinter) throws {
        let needsRules = rules || format.format == .json || format.format == .jsonl
        let found = needsRules ? try reader.rules(of: events.map(\.eventID)) : [:]
        for event in events {
            let rows = (found[event.eventID] ?? []).map { Row(AuditRule.columns, $0.values) }
            if rules {
                for row in rows { printer.print(row) }
            } else {
                printer.print(Row(AuditEvent.columns, event.values, children: [("rules", rows)]))
            }
        }
    }

    private func filter(now: Date) throws -> EventFilter {
        EventFilter(
            eventID: eventID,
            group: group,
            account: account,
            region: region,
            actor: actor,
            outcome: try outcome.map { text in
                guard let outcome = EventOutcome(rawValue: text) else {
                    let known = EventOutcome.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--outcome: \"\(text)\" is not one of \(known)")
                }
                return outcome
            },
            since: try since.map { try moment($0, flag: "--since", now: now) },
            until: try until.map { try moment($0, flag: "--until", now: now) }
        )
    }
}

/// A time that a flag names: an RFC 3339 time, or a duration, which is that long ago.
func moment(_ text: String, flag: String, now: Date) throws -> Date {
    if let seconds = seconds(text) { return now.addingTimeInterval(-seconds) }
    let styles = [Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true)]
    guard let date = styles.lazy.compactMap({ try? Date(text, strategy: $0) }).first else {
        throw ValidationError(
            "\(flag): \"\(text)\" is neither a duration (90s, 15m, 24h, 30d) nor a time (2026-11-25T21:00:00Z)"
        )
    }
    return date
}

/// `90s`, `15m`, `24h`, `30d` in seconds.
private func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt32(text.dropLast()) else { return nil }
    return Double(count) * unit
}
