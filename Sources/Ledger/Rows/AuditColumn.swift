/// A column of a view and its meaning, as the documentation and the help print it.
package struct AuditColumn: Hashable, Sendable {
    /// The name, which is stable.
    package let name: String
    /// The unit, and the meaning of null, in half a line.
    package let meaning: String

    /// The columns of `audit_events`, in their order.
    package static let events = EventColumn.allCases.map { AuditColumn(name: $0.rawValue, meaning: $0.meaning) }
    /// The columns of `audit_rules`, in their order.
    package static let rules = RuleColumn.allCases.map { AuditColumn(name: $0.rawValue, meaning: $0.meaning) }
    /// The columns of `standing_rules`, in their order.
    package static let standing = StandingColumn.allCases.map { AuditColumn(name: $0.rawValue, meaning: $0.meaning) }
}
