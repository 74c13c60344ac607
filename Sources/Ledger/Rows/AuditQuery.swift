import Formats
import Foundation
import GRDB
import SecurityGroups

/// The statements that read the views. Their text is fixed; values are bound.
enum AuditQuery {
    private static let columns =
        EventColumn.allCases.map(\.rawValue).joined(separator: ", ") + ", coalesce(event_time, '')"
    private static let order = "ORDER BY coalesce(event_time, '') DESC, event_id DESC"

    /// The events of one stretch of the listing, newest first.
    static func events(
        matching filter: EventFilter,
        in span: Span,
        limit: Int,
        _ db: Database
    ) throws -> [AuditEvent] {
        let (sql, arguments) = page(matching: filter, in: span, limit: limit)
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map(event)
    }

    /// The statement of one page. It uses the indexed expression, so that it runs along the index from the cursor on.
    static func page(matching filter: EventFilter, in span: Span, limit: Int) -> (String, StatementArguments) {
        let condition = Condition(filter, span)
        return (
            "SELECT \(columns) FROM audit_events \(condition.sql) \(order) LIMIT ?",
            condition.arguments + [max(0, limit)]
        )
    }

    /// A stretch of at most `rows` events of the listing, whether the filter matches them or not.
    ///
    /// A search without an index reads one such stretch at a time, so that no read keeps writers waiting.
    static func span(
        after cursor: EventCursor?,
        of filter: EventFilter,
        rows: Int,
        _ db: Database
    ) throws -> Span {
        let condition = Condition(EventFilter(group: filter.group), Span(after: cursor, through: nil))
        let sql = """
            SELECT coalesce(event_time, ''), event_id FROM events \(condition.sql) \(order) LIMIT 1 OFFSET ?
            """
        let end = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: condition.arguments + [rows - 1])
        return Span(after: cursor, through: end.map { EventCursor(eventTime: $0[0], eventID: $0[1]) })
    }

    /// The number of events of a stretch that the filter matches.
    static func count(matching filter: EventFilter, in span: Span, _ db: Database) throws -> Int {
        let condition = Condition(filter, span)
        let sql = "SELECT count(*) FROM events \(condition.sql)"
        return try Int.fetchOne(db.cachedStatement(sql: sql), arguments: condition.arguments) ?? 0
    }

    /// The row of one event.
    static func event(_ eventID: String, in db: Database) throws -> AuditEvent? {
        let sql = "SELECT \(columns) FROM audit_events WHERE event_id = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [eventID.bounded]).map(event)
    }

    /// The rules of some events, each event's rules in the order in which they were recorded.
    static func rules(of eventIDs: [String], in db: Database) throws -> [String: [AuditRule]] {
        let sql = """
            SELECT \(RuleColumn.allCases.map(\.expression).joined(separator: ", ")) FROM rules JOIN events USING (number)
            WHERE events.event_id IN (SELECT value FROM json_each(?)) ORDER BY number, position
            """
        let rules = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [eventIDs.map(\.bounded).jsonText]).map {
            row in
            AuditRule(values: row.databaseValues.map(AuditValue.init), eventID: row[0])
        }
        return Dictionary(grouping: rules, by: \.eventID)
    }

    private static func event(_ row: Row) -> AuditEvent {
        let values = zip(EventColumn.allCases, row.databaseValues).map { column, value in
            column == .dryRun ? AuditValue.boolean(value.storage == .int64(1)) : AuditValue(value)
        }
        return AuditEvent(
            values: values,
            eventID: row[0],
            cursor: EventCursor(eventTime: row[EventColumn.allCases.count], eventID: row[0])
        )
    }

    /// A stretch of the listing: the events after one place, up to and including another. Nil is the beginning or the
    /// end.
    struct Span {
        let after: EventCursor?
        let through: EventCursor?
    }
}

/// The WHERE clause of a filter, and its arguments.
private struct Condition {
    private var terms: [String] = []
    private(set) var arguments = StatementArguments()

    init(_ filter: EventFilter, _ span: AuditQuery.Span) {
        if let eventID = filter.eventID?.bounded {
            // A conflict has a row of its own, whose id continues with `~`.
            add("(event_id = ? OR event_id > ? AND event_id < ?)", [eventID, "\(eventID)~", "\(eventID)~g"])
        }
        for (column, value) in [
            (EventColumn.groupID, filter.group), (.account, filter.account), (.region, filter.region),
            (.outcome, filter.outcome?.rawValue),
        ] {
            if let value { add("\(column.rawValue) = ?", [value.bounded]) }
        }
        // An event without a time has the empty text, which is before every time.
        if let since = filter.since { add("coalesce(event_time, '') >= ?", [RFC3339.format(since)]) }
        if let until = filter.until {
            add("coalesce(event_time, '') < ? AND event_time IS NOT NULL", [RFC3339.format(until)])
        }
        if let actor = filter.actor?.bounded { add("(actor_arn = ? OR issuer_arn = ?)", [actor, actor]) }
        // The first term follows from the second, but SQLite seeks in an index of expressions only by the first.
        if let after = span.after {
            add(
                "coalesce(event_time, '') <= ? AND (coalesce(event_time, ''), event_id) < (?, ?)",
                [after.eventTime, after.eventTime, after.eventID]
            )
        }
        if let through = span.through {
            add(
                "coalesce(event_time, '') >= ? AND (coalesce(event_time, ''), event_id) >= (?, ?)",
                [through.eventTime, through.eventTime, through.eventID]
            )
        }
    }

    /// The clause; empty if the filter matches everything.
    var sql: String {
        terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
    }

    private mutating func add(_ term: String, _ values: StatementArguments) {
        terms.append(term)
        arguments += values
    }
}

extension AuditValue {
    /// Takes a value of a strict table, which is a number or a text. Any other value of a view's expression becomes
    /// text.
    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(value)
        case .string(let value): self = .text(value)
        case .double(let value): self = .text(String(value))
        case .blob(let value): self = .text(String(decoding: value, as: UTF8.self))
        }
    }
}
