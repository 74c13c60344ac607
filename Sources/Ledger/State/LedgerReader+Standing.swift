import Formats
package import Foundation
import GRDB

/// A row of the view `standing_rules`.
package typealias AuditStandingRule = Cells<StandingColumn>

extension LedgerReader {
    /// The rules that stood at the last look, sorted by group and rule.
    ///
    /// - Parameters:
    ///   - groups: The ids of the groups; empty for all groups.
    ///   - isUnexplained: True to get only rules that stand without a reason.
    package func standingRules(in groups: [String] = [], isUnexplained: Bool = false) throws -> [AuditStandingRule] {
        let sql = """
            SELECT \(AuditStandingRule.columns.joined(separator: ", ")) FROM standing_rules
            WHERE (? OR group_id IN (SELECT value FROM json_each(?))) AND (? OR approved_by IS NULL)
            ORDER BY account, region, group_id, direction, rule_id
            """
        let wanted = groups.map(\.bounded).jsonText
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: [groups.isEmpty, wanted, !isUnexplained]).map { Cells($0) }
        }
    }

    /// All temporary exemptions that were ever written, the oldest first.
    package func exemptions() throws -> [TemporaryExemption] {
        try read { try LedgerTransaction.exemptions(in: $0) }
    }
}

/// One content of one rule that the ledger saw in EC2.
package typealias AuditKnownContent = Cells<KnownContentColumn>

/// The columns of a content of a rule, in their order.
package enum KnownContentColumn: String, CaseIterable, Hashable, Sendable {
    case direction
    case ipProtocol = "protocol"
    case fromPort = "from_port"
    case toPort = "to_port"
    case source
    case description
    case firstSeen = "first_seen"
    case goneAt = "gone_at"
    case knownBy = "known_by"
    case approvedBy = "approved_by"
}

extension LedgerReader {
    /// The contents that a rule was seen with, the newest first. A rule that was modified has several.
    ///
    /// - Parameter time: Contents that came to stand later are left out; nil for all contents.
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
            return try Row.fetchAll(db, sql: sql, arguments: [groupID.bounded, ruleID.bounded, bound]).map { Cells($0) }
        }
    }
}
