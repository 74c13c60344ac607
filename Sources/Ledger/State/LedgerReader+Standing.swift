import Formats
package import Foundation
import GRDB

/// A row of the view `standing_rules`.
package struct AuditStandingRule: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = StandingColumn.allCases.map(\.rawValue)
    /// The cells, in the order of `columns`.
    package let values: [AuditValue]

    /// The cell of a column.
    package subscript(_ column: StandingColumn) -> AuditValue {
        StandingColumn.allCases.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

extension LedgerReader {
    /// What stood at the last look, by group and rule.
    ///
    /// - Parameters:
    ///   - groups: the groups that are asked for; empty for all.
    ///   - isUnexplained: True for the rules alone that nothing lets stand.
    package func standingRules(in groups: [String] = [], isUnexplained: Bool = false) throws -> [AuditStandingRule] {
        let sql = """
            SELECT \(AuditStandingRule.columns.joined(separator: ", ")) FROM standing_rules
            WHERE (? OR group_id IN (SELECT value FROM json_each(?))) AND (? OR approved_by IS NULL)
            ORDER BY account, region, group_id, direction, rule_id
            """
        var json = JSONWriter()
        json.array { for group in groups { $0.value(.text(group.bounded)) } }
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: [groups.isEmpty, json.text, !isUnexplained]).map { row in
                AuditStandingRule(values: row.databaseValues.map(AuditValue.init))
            }
        }
    }

    /// All temporary exemptions that were ever written, the oldest first.
    package func exemptions() throws -> [TemporaryExemption] {
        try read { try LedgerTransaction.exemptions(in: $0) }
    }
}

/// One content of one rule that the ledger saw in EC2.
package struct AuditKnownContent: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    package static let columns = [
        "direction", "protocol", "from_port", "to_port", "source", "description", "first_seen", "gone_at", "known_by",
        "approved_by",
    ]
    /// The cells, in the order of `columns`.
    package let values: [AuditValue]

    /// The cell of the column of this name; null where there is none.
    package subscript(_ name: String) -> AuditValue {
        Self.columns.firstIndex(of: name).map { values[$0] } ?? .null
    }
}

extension LedgerReader {
    /// What a rule was seen to say, the newest first: what stands, and what stood before.
    ///
    /// - Parameter time: what came to stand later is left out; nil for nothing.
    package func knownContents(
        ofRule ruleID: String,
        inGroup groupID: String,
        before time: Date?
    ) throws -> [AuditKnownContent] {
        let sql = """
            SELECT \(AuditKnownContent.columns.joined(separator: ", ")) FROM sightings
            WHERE group_id = ? AND rule_id = ? AND stood_from < ? ORDER BY last_seen DESC, gone_at IS NULL DESC
            """
        return try read { db in
            let bound = time.map(RFC3339.format) ?? "9999"
            return try Row.fetchAll(db, sql: sql, arguments: [groupID.bounded, ruleID.bounded, bound]).map { row in
                AuditKnownContent(values: row.databaseValues.map(AuditValue.init))
            }
        }
    }
}
