public import SecurityGroups

/// One cell of a view.
public enum AuditValue: Hashable, Sendable {
    /// Nothing is known.
    case null
    /// A number.
    case integer(Int64)
    /// Text, times among it.
    case text(String)
    /// A truth, which the file holds as 0 or 1.
    case boolean(Bool)

    /// The text, if it is one.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The number, if it is one.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
}

/// A row of the view `audit_events`.
public struct AuditEvent: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    public static let columns = AuditColumn.events.map(\.name)

    /// The cells, in the order of `columns`.
    public let values: [AuditValue]
    /// CloudTrail's id of the event.
    public let eventID: String
    /// What became of the event; null while nothing has.
    public var outcome: EventOutcome? { self["outcome"].text.flatMap(EventOutcome.init) }
    /// Where this row stands among all rows: the `after` of the page that follows it.
    public let cursor: EventCursor

    /// The cell of a column; null also where there is no such column.
    public subscript(_ column: String) -> AuditValue {
        Self.positions[column].map { values[$0] } ?? .null
    }

    private static let positions = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
}

/// A row of the view `audit_rules`.
public struct AuditRule: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    public static let columns = AuditColumn.rules.map(\.name)

    /// The cells, in the order of `columns`.
    public let values: [AuditValue]
    /// CloudTrail's id of the rule's event.
    public let eventID: String

    /// The cell of a column; null also where there is no such column.
    public subscript(_ column: String) -> AuditValue {
        Self.positions[column].map { values[$0] } ?? .null
    }

    private static let positions = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
}

/// A place among the events, newest first.
public struct EventCursor: Hashable, Sendable {
    /// The event's time as the ledger writes it; empty for an event without one, which comes after all that have one.
    let eventTime: String
    /// Orders the events of one millisecond.
    let eventID: String
}
