package import SecurityGroups

/// One cell of a view.
package enum AuditValue: Hashable, Sendable {
    /// Nothing is known.
    case null
    /// A number.
    case integer(Int64)
    /// Text, times among it.
    case text(String)
    /// A truth, which the file holds as 0 or 1.
    case boolean(Bool)

    /// The text, if it is one.
    package var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The number, if it is one.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
}

/// A row of the view `audit_events`.
package struct AuditEvent: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = AuditColumn.events.map(\.name)

    /// The cells, in the order of `columns`.
    package let values: [AuditValue]
    /// CloudTrail's id of the event.
    package let eventID: String
    /// What became of the event; null while nothing has.
    package var outcome: EventOutcome? { self["outcome"].text.flatMap(EventOutcome.init) }
    /// Where this row stands among all rows: the `after` of the page that follows it.
    package let cursor: EventCursor

    /// The cell of a column; null also where there is no such column.
    package subscript(_ column: String) -> AuditValue {
        Self.positions[column].map { values[$0] } ?? .null
    }

    private static let positions = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
}

/// A row of the view `audit_rules`.
package struct AuditRule: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = AuditColumn.rules.map(\.name)

    /// The cells, in the order of `columns`.
    package let values: [AuditValue]
    /// CloudTrail's id of the rule's event.
    package let eventID: String

    /// The cell of a column; null also where there is no such column.
    package subscript(_ column: String) -> AuditValue {
        Self.positions[column].map { values[$0] } ?? .null
    }

    private static let positions = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
}

/// A place among the events, newest first.
package struct EventCursor: Hashable, Sendable {
    /// The event's time as the ledger writes it; empty for an event without one, which comes after all that have one.
    let eventTime: String
    /// Orders the events of one millisecond.
    let eventID: String
}
