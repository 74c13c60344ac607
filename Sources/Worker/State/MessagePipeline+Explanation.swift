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
    /// The table of the fleet cannot be asked.
    case unknown
}

extension MessagePipeline {
    /// Asks the other hosts of the fleet for the reason of a rule. Each ledger knows only the events of its own host.
    func explanation(of rule: StandingRule) async throws -> Explanation {
        guard claims.shared.isShared else { return .none }
        guard let known = try await claims.shared.rule(rule.id.description) else { return .unknown }
        guard let known, known.content == "\(rule.content.rule)" else { return .none }
        guard let approval = known.approval else { return .reported }
        try await writer.write { try $0.keep(approval, of: rule, from: known.eventID) }
        return .approved
    }
}
