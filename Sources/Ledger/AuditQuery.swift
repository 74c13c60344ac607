import Formats
import Foundation
import GRDB
import SecurityGroups

/// The statements that read the views. Their text is ours alone; what is asked for is bound.
enum AuditQuery {
    /// One page of events, newest first.
    static func events(
        matching filter: EventFilter,
        after cursor: EventCursor?,
        limit: Int,
        in db: Database
    ) throws -> [AuditEvent] {
        let (sql, arguments) = page(matching: filter, after: cursor, limit: limit)
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map(event)
    }

    /// The statement of one page. It names the expression of the indexes, along which it runs from the cursor on.
    static func page(
        matching filter: EventFilter,
        after cursor: EventCursor?,
        limit: Int
    ) -> (sql: String, arguments: StatementArguments) {
        var condition = Condition(filter)
        if let cursor {
            // The first term follows from the second, but SQLite seeks in an index of expressions by the first alone.
            condition.add(
                "coalesce(event_time, '') <= ? AND (coalesce(event_time, ''), event_id) < (?, ?)",
                [cursor.eventTime, cursor.eventTime, cursor.eventID]
            )
        }
        let columns = "\(AuditEvent.columns.joined(separator: ", ")), coalesce(event_time, '')"
        let order = "ORDER BY coalesce(event_time, '') DESC, event_id DESC LIMIT ?"
        let last: StatementArguments = [max(0, limit)]
        guard let actor = filter.actor?.bounded else {
            return ("SELECT \(columns) FROM audit_events \(condition.sql) \(order)", condition.arguments + last)
        }
        // Whoever called or whoever stands behind: one OR of the two would have all their events sorted for each page.
        let (caller, issuer) = (condition.with("actor_arn = ?", [actor]), condition.with("issuer_arn = ?", [actor]))
        let sql = """
            SELECT \(columns) FROM audit_events WHERE event_id IN (
                SELECT event_id FROM (SELECT event_id FROM events \(caller.sql) \(order))
                UNION SELECT event_id FROM (SELECT event_id FROM events \(issuer.sql) \(order))
            ) \(order)
            """
        return (sql, caller.arguments + last + issuer.arguments + last + last)
    }

    /// How many events the filter lets through.
    static func count(matching filter: EventFilter, in db: Database) throws -> Int {
        let condition = Condition(filter).with(actor: filter.actor)
        return try Int.fetchOne(
            db,
            sql: "SELECT count(*) FROM audit_events \(condition.sql)",
            arguments: condition.arguments
        ) ?? 0
    }

    /// The row of one event.
    static func event(_ eventID: String, in db: Database) throws -> AuditEvent? {
        let sql =
            "SELECT \(AuditEvent.columns.joined(separator: ", ")), coalesce(event_time, '') FROM audit_events WHERE event_id = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [eventID.bounded]).map(event)
    }

    /// The rules of some events, each event's in the order in which they were recorded.
    static func rules(of eventIDs: [String], in db: Database) throws -> [String: [AuditRule]] {
        let sql = """
            SELECT \(AuditRule.columns.joined(separator: ", ")) FROM rules
            WHERE event_id IN (SELECT value FROM json_each(?)) ORDER BY event_id, position
            """
        let ids = JSON.array(eventIDs.map { .string($0.bounded) }).text
        let rules = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [ids]).map { row in
            AuditRule(values: row.databaseValues.map(AuditValue.init), eventID: row[0])
        }
        return Dictionary(grouping: rules, by: \.eventID)
    }

    private static func event(_ row: Row) -> AuditEvent {
        let values = zip(AuditEvent.columns, row.databaseValues).map { column, value in
            column == "dry_run" ? AuditValue.boolean(value.storage == .int64(1)) : AuditValue(value)
        }
        return AuditEvent(
            values: values,
            eventID: row[0],
            cursor: EventCursor(eventTime: row[AuditEvent.columns.count], eventID: row[0])
        )
    }
}

private struct Condition {
    private var terms: [String] = []
    private(set) var arguments = StatementArguments()

    init(_ filter: EventFilter) {
        for (column, value) in [
            ("group_id", filter.group), ("account", filter.account),
            ("region", filter.region), ("outcome", filter.outcome?.rawValue),
        ] {
            if let value { add("\(column) = ?", [value.bounded]) }
        }
        if let eventID = filter.eventID?.bounded {
            // With the rows of conflicts, whose ids go on with `~`.
            add("(event_id = ? OR event_id > ? AND event_id < ?)", [eventID, "\(eventID)~", "\(eventID)~g"])
        }
        // An event without a time has the empty text, which is before every time.
        if let since = filter.since { add("coalesce(event_time, '') >= ?", [RFC3339.format(since)]) }
        if let until = filter.until {
            add("coalesce(event_time, '') < ? AND event_time IS NOT NULL", [RFC3339.format(until)])
        }
    }

    /// The clause, empty when everything is let through.
    var sql: String {
        terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
    }

    /// The condition and one more.
    func with(_ term: String, _ values: StatementArguments) -> Condition {
        var condition = self
        condition.add(term, values)
        return condition
    }

    /// The condition and that an actor, where one is given, called or stands behind.
    func with(actor: String?) -> Condition {
        guard let actor = actor?.bounded else { return self }
        return with("(actor_arn = ? OR issuer_arn = ?)", [actor, actor])
    }

    mutating func add(_ term: String, _ values: StatementArguments) {
        terms.append(term)
        arguments += values
    }
}

extension AuditValue {
    /// The tables are strict and hold numbers and text alone; what a view's expression might yield beyond is shown as
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
