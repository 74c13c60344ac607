import Foundation
import Ledger
import SecurityGroups

/// Why a rule stands that this host's ledger has no reason for.
enum Explanation: Hashable, Sendable {
    /// No host knows a reason.
    case none
    /// Another host left it to an exempt caller, or put it back. This ledger knows that by now.
    case approved
    /// Another host reported it.
    case reported
    /// The table of the fleet cannot be asked, or does not have all that the hosts know.
    case unknown

    /// For so long after the table was out, it may lack what a host found out meanwhile. A host writes that into the table within
    /// seconds, but it may have been paused or restarted before.
    static let doubt: Duration = .seconds(180)
}

extension MessagePipeline {
    /// Asks the other hosts of the fleet for the reason of a rule. Each ledger knows only the events of its own host.
    func explanation(of rule: StandingRule) async throws -> Explanation {
        guard claims.shared.isShared else { return .none }
        guard let known = try await claims.shared.rule(rule.id.description) else {
            try await writer.write { try $0.mark(LedgerTransaction.tableSilent) }
            return .unknown
        }
        guard let known, known.content == "\(rule.content.rule)" else {
            return try await isTableWhole ? .none : .unknown
        }
        guard let approval = known.approval else { return .reported }
        return try await keep(approval, of: rule, from: known) ? .approved : .none
    }

    /// True if a person approved the rule on another host. This ledger knows that by now.
    func isApprovedElsewhere(_ rule: StandingRule) async throws -> Bool {
        guard claims.shared.isShared, let known = try await claims.shared.rule(rule.id.description).flatMap(\.self),
            known.content == "\(rule.content.rule)", let approval = known.approval, approval.isOutsidePolicy
        else { return false }
        return try await keep(approval, of: rule, from: known)
    }

    private func keep(_ approval: Approval, of rule: StandingRule, from known: SharedRule) async throws -> Bool {
        try await writer.write { try $0.keep(approval, of: rule, from: known.eventID) }
    }

    /// True if the table has answered for long enough that it has everything that the hosts know, and for a host without a table.
    var isTableWhole: Bool {
        get async throws {
            guard claims.shared.isShared else { return true }
            guard let silent = try await writer.write({ try $0.moment(LedgerTransaction.tableSilent) }) else {
                return true
            }
            // A moment of the future was written before the clock was set back.
            return abs(clock.now().timeIntervalSince(silent)) > Explanation.doubt.seconds
        }
    }
}
