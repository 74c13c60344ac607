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

    static func accessTable(_ temporary: [TemporaryAccess]) -> String {
        guard !temporary.isEmpty else { return "" }
        let rows = temporary.sorted { $0.end < $1.end }.map { access in
            row([
                access.name, access.who, access.place, RFC3339.format(access.end),
                access.then == .revert ? "is reverted" : "stays", access.why, access.madeBy,
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

/// An exemption that ends: one of a command, or an entry of the policy file.
struct TemporaryAccess {
    let name: String
    let who: String
    let place: String
    let end: Date
    let then: Exemption.End
    let why: String
    let madeBy: String

    init(_ exemption: TemporaryExemption) {
        name = exemption.id
        who = exemption.principal
        place = exemption.groupID ?? Self.everywhere
        end = exemption.end
        then = exemption.then
        why = exemption.reason
        madeBy = exemption.madeBy
    }

    /// Nil for an entry without an end.
    init?(_ entry: Exemption) {
        guard let until = entry.until else { return nil }
        name = entry.name ?? ""
        let callers = [
            ("", entry.principals), ("invoked by ", entry.invokedBy), ("source identity ", entry.sourceIdentity),
        ]
        who = callers.compactMap { label, patterns in
            patterns.map { label + $0.map(\.description).joined(separator: " or ") }
        }.joined(separator: ", ")
        place = entry.groups.map { $0.sorted().joined(separator: ", ") } ?? Self.everywhere
        end = until
        then = entry.then
        why = entry.origin
        madeBy = "the policy file"
    }

    private static let everywhere = "all groups"
}
