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
    package static let columns = EventColumn.allCases.map(\.rawValue)

    /// The cells, in the order of `columns`.
    package let values: [AuditValue]
    /// CloudTrail's id of the event.
    package let eventID: String
    /// What became of the event; null while nothing has.
    package var outcome: EventOutcome? { self[.outcome].text.flatMap(EventOutcome.init) }
    /// Where this row stands among all rows: the `after` of the page that follows it.
    package let cursor: EventCursor

    /// The cell of a column.
    package subscript(_ column: EventColumn) -> AuditValue { values[column.position] }

    /// The cell of the column of this name, which must be one.
    package subscript(_ name: String) -> AuditValue {
        guard let column = EventColumn(rawValue: name) else { preconditionFailure("no column is named \(name)") }
        return self[column]
    }
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

    /// The cell of the column of this name, which must be one.
    package subscript(_ name: String) -> AuditValue {
        guard let column = RuleColumn(rawValue: name) else { preconditionFailure("no column is named \(name)") }
        return self[column]
    }
}

/// A place among the events, newest first.
package struct EventCursor: Hashable, Sendable {
    /// The event's time as the ledger writes it; empty for an event without one, which comes after all that have one.
    let eventTime: String
    /// Orders the events of one millisecond.
    let eventID: String
}

extension EventColumn {
    /// The place among the columns.
    var position: Int { Self.positions[self] ?? 0 }
    private static let positions = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}

extension RuleColumn {
    /// The place among the columns.
    var position: Int { Self.positions[self] ?? 0 }
    private static let positions = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}

extension AuditRule {
    /// Writes the rule as an object of its columns.
    func write(to json: inout JSONWriter) {
        json.object { for (column, value) in zip(RuleColumn.allCases, values) { $0.member(column.rawValue, value) } }
    }
}
