import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// Approvals of standing rules by a person.
extension LedgerTransaction {
    /// A choice of standing rules.
    package enum Chosen: Hashable, Sendable {
        /// One rule.
        case rule(String)
        /// All rules of a group.
        case group(String)

        /// The column that selects them, and its value.
        fileprivate var condition: (column: String, value: String) {
            switch self {
            case .rule(let id): ("rule_id", id)
            case .group(let id): ("group_id", id)
            }
        }
    }

    /// Records that rules may stand.
    ///
    /// - Returns: The ids of the rules that were approved; empty if none of them stands.
    package func approve(_ chosen: Chosen, by person: String, reason: String?) throws -> [String] {
        try set(chosen, approval: .byPerson(person, at: now), .approved, "approved", by: person, reason: reason)
    }

    /// Takes back the approval of rules. They then stand without a reason, unless the policy allows them.
    ///
    /// - Returns: The ids of the rules.
    package func forget(_ chosen: Chosen, by person: String) throws -> [String] {
        try set(chosen, approval: nil, .sweep, "forgotten", by: person, reason: nil)
    }

    /// The rules that are meant, as far as this version can read them.
    package func standing(_ chosen: Chosen) throws -> [StandingRule] {
        let (column, value) = chosen.condition
        return try standingRules(where: column, is: value.bounded)
    }

    /// The times at which a person approved rules of a group, for those that stand with such an approval.
    package func approvals(
        of rules: [SecurityGroupRuleID],
        in group: SecurityGroupID
    ) throws -> [SecurityGroupRuleID: Date] {
        let sql = """
            SELECT rule_id, approved_event_time FROM sightings
            WHERE group_id = ? AND rule_id IN (SELECT value FROM json_each(?)) AND gone_at IS NULL
                AND approved_by GLOB 'approved *'
            """
        let arguments: StatementArguments = [group.description, rules.map(\.description).jsonText]
        var times: [SecurityGroupRuleID: Date] = [:]
        for row in try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments) {
            let (id, time): (String, String?) = (row[0], row[1])
            if let id = SecurityGroupRuleID(id) { times[id] = time.flatMap { RFC3339.parse($0) } }
        }
        return times
    }

    private func set(
        _ chosen: Chosen,
        approval: Approval?,
        _ knownBy: KnownBy,
        _ action: String,
        by person: String,
        reason: String?
    ) throws -> [String] {
        let (column, value) = chosen.condition
        let sql =
            "SELECT DISTINCT group_id, rule_id FROM sightings WHERE gone_at IS NULL AND \(column) = ? ORDER BY 1, 2"
        let rules = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [value.bounded]).map {
            (group: $0[0] as String, id: $0[1] as String)
        }
        for rule in rules {
            try run(
                """
                UPDATE sightings SET approved_by = ?, known_by = ?, approver_arn = NULL, approver_service = NULL,
                    approver_identity = NULL, approved_event_time = ?, forgotten_at = coalesce(?, forgotten_at)
                WHERE group_id = ? AND rule_id = ? AND gone_at IS NULL
                """,
                [
                    approval?.source.bounded, knownBy.rawValue, approval?.eventTime.map(RFC3339.format),
                    approval == nil ? nowText : nil, rule.group, rule.id,
                ]
            )
            // What this host has not told the others yet would contradict the person.
            try run("DELETE FROM untold_rules WHERE rule_id = ?", [rule.id])
            var entry: [String: AuditValue] = [
                "action": .text(action), "by": .text(person.bounded), "group_id": .text(rule.group),
                "rule_id": .text(rule.id),
            ]
            if let reason { entry["reason"] = .text(reason.bounded) }
            try note(kind: .baseline, entry: entry)
        }
        return rules.map(\.id)
    }
}
