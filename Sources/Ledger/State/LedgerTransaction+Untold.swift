import Formats
import Foundation
import GRDB
import SecurityGroups

/// The rules that the other hosts of a fleet must know, and that wait because the table was out.
extension LedgerTransaction {
    static let untoldSchema = """
        CREATE TABLE untold_rules (
            rule_id TEXT PRIMARY KEY NOT NULL,
            content TEXT NOT NULL,
            event_id TEXT NOT NULL,
            as_of TEXT NOT NULL,
            approved_by TEXT,                       -- null: the rule was reported
            approver_arn TEXT,
            approver_service TEXT,
            approver_identity TEXT,
            approved_event_time TEXT
        ) STRICT, WITHOUT ROWID;
        """

    /// Adds rules that the other hosts must know. A newer entry of a rule replaces an older one.
    package func keep(untold rules: [SharedRule]) throws {
        for rule in rules {
            let approval = rule.approval
            try run(
                """
                INSERT OR REPLACE INTO untold_rules (rule_id, content, event_id, as_of, approved_by, approver_arn,
                    approver_service, approver_identity, approved_event_time)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    rule.ruleID.bounded, rule.content.bounded, rule.eventID.bounded, RFC3339.format(rule.asOf),
                    approval?.source.bounded, approval?.caller.issuerARN?.bounded, approval?.caller.invokedBy?.bounded,
                    approval?.caller.sourceIdentity?.bounded, approval?.eventTime.map(RFC3339.format),
                ]
            )
        }
    }

    /// The rules that the other hosts must know, at most 100.
    package func untoldRules() throws -> [SharedRule] {
        let sql = """
            SELECT approved_by, approver_arn, approver_service, approver_identity, approved_event_time, rule_id, content, event_id,
                as_of
            FROM untold_rules ORDER BY rule_id LIMIT 100
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql)).map {
            SharedRule(
                ruleID: $0[5],
                content: $0[6],
                eventID: $0[7],
                asOf: RFC3339.parse($0[8] as String) ?? .distantPast,
                approval: approval(in: $0, from: 0)
            )
        }
    }

    /// Removes rules that are in the table by now.
    package func forget(told rules: [SharedRule]) throws {
        for rule in rules {
            try run(
                "DELETE FROM untold_rules WHERE rule_id = ? AND content = ? AND event_id = ?",
                [rule.ruleID, rule.content, rule.eventID]
            )
        }
    }

    /// The name of the moment at which the shared table last gave no answer.
    package static let tableSilent = "table-silent"
}
