import Formats
package import SecurityGroups

/// One cell of a view.
package enum AuditValue: Hashable, Sendable {
    /// No value.
    case null
    /// A number.
    case integer(Int64)
    /// A text. Times are texts, too.
    case text(String)
    /// A truth value. The file holds it as 0 or 1.
    case boolean(Bool)

    /// The text; nil for any other value.
    package var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The number; nil for any other value.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
}

/// A row of the view `audit_events`.
package struct AuditEvent: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = EventColumn.allCases.map(\.rawValue)

    /// The cells, in the order of `columns`.
    package let values: [AuditValue]
    /// CloudTrail's id of the event.
    package let eventID: String
    /// The outcome; nil while there is none.
    package var outcome: EventOutcome? { self[.outcome].text.flatMap(EventOutcome.init) }
    /// The row's place in the listing. The page after it starts here.
    package let cursor: EventCursor

    /// The cell of a column.
    package subscript(_ column: EventColumn) -> AuditValue { values[column.position] }
}

/// A row of the view `audit_rules`.
package struct AuditRule: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = RuleColumn.allCases.map(\.rawValue)

    /// The cells, in the order of `columns`.
    package let values: [AuditValue]
    /// CloudTrail's id of the rule's event.
    package let eventID: String

    /// The cell of a column.
    package subscript(_ column: RuleColumn) -> AuditValue { values[column.position] }
}

/// A place among the events, newest first.
package struct EventCursor: Hashable, Sendable {
    /// The event's time as the ledger writes it. Empty for an event without a time, which comes after all others.
    let eventTime: String
    /// Orders the events of one millisecond.
    let eventID: String
}

extension EventColumn {
    /// The index among the columns.
    var position: Int { Self.positions[self] ?? 0 }
    private static let positions = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}

extension RuleColumn {
    /// The index among the columns.
    var position: Int { Self.positions[self] ?? 0 }
    private static let positions = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}

extension AuditRule {
    /// Writes the rule as a JSON object.
    func write(to json: inout JSONWriter) {
        json.object { for (column, value) in zip(RuleColumn.allCases, values) { $0.member(column.rawValue, value) } }
    }
}
