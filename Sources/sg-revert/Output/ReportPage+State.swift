import Formats
import Foundation
import Ledger
import SecurityGroups

/// The present state on the report page: rules that stand without a reason, and temporary exemptions.
extension ReportPage {
    /// The largest number of rules that are shown. Further ones are counted.
    private static let limit = 200

    static func standingTable(_ rules: [AuditStandingRule]) -> String {
        guard !rules.isEmpty else { return "" }
        let rows = rules.prefix(limit).map { rule in
            row([
                tableCell(rule[.groupID]), tableCell(rule[.ruleID]), kind(of: rule), tableCell(rule[.knownBy]),
                tableCell(rule[.firstSeen]),
            ])
        }
        let more = rules.count > limit ? "<p class=\"quiet\">\(rules.count - limit) more.</p>" : ""
        return table(["Group", "Rule", "What", "Known by", "First seen"], rows) + more
    }

    static func exemptionTable(_ exemptions: [TemporaryExemption]) -> String {
        guard !exemptions.isEmpty else { return "" }
        let rows = exemptions.sorted { $0.end < $1.end }.map { exemption in
            row([
                exemption.id, exemption.principal, exemption.groupID ?? "all groups", RFC3339.format(exemption.end),
                exemption.then == .revert ? "is reverted" : "stays", exemption.reason, exemption.madeBy,
            ])
        }
        return table(["Exemption", "Who", "Where", "Ends", "What was added then", "Why", "By"], rows)
    }

    private static func table(_ heads: [String], _ rows: [String]) -> String {
        let head = heads.map { "<th>\(escaped($0))</th>" }.joined()
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined())</tbody></table>"
    }

    private static func row(_ cells: [String]) -> String {
        "<tr>\(cells.map { "<td>\(escaped($0))</td>" }.joined())</tr>\n"
    }
}
