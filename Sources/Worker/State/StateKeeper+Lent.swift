import Foundation
import Ledger
import SecurityGroups

extension StateKeeper {
    /// Finds the rules of ended exemptions among those that this ledger took for the baseline of their groups.
    ///
    /// The ledger of a host may be younger than a rule that was made under an exemption. The table knows it, so that the rule is closed
    /// although no host is left whose ledger knows it. The table is asked once for each such rule, after the end of an exemption.
    func recallLent() async throws {
        guard shared.isShared else { return }
        let now = clock.now()
        for exemption in policies.current.exempt where exemption.then == .revert && exemption.isOver(at: now) {
            let asked = "\(exemption.noticeID(.ended)):asked"
            let rules = try await writer.write { transaction -> [StandingRule] in
                let last = try transaction.moment(asked)
                guard let snapshot = try transaction.moment("snapshot"), last.map({ snapshot > $0 }) ?? true else {
                    return []
                }
                let rules = try transaction.baseline(seenSince: last ?? exemption.from ?? .distantPast)
                if rules.isEmpty { try transaction.mark(asked, at: now) }
                return rules
            }
            guard !rules.isEmpty else { continue }
            for rule in rules where exemption.groups?.contains(rule.groupID.description) ?? true {
                guard let known = try await shared.rule(rule.id.description) else { return }
                guard let known, known.content == "\(rule.content.rule)", let approval = known.approval,
                    approval.isExemption
                else { continue }
                try await writer.write { try $0.keep(lent: approval, of: rule, from: known.eventID) }
            }
            try await writer.write { try $0.mark(asked, at: now) }
        }
    }
}
