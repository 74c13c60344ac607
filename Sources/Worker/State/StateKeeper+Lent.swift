import Foundation
import Ledger
import SecurityGroups

extension StateKeeper {
    /// When the table was last asked for the rules of ended exemptions.
    private static let asked = "lent-asked"

    /// Finds the rules of ended exemptions among those that this ledger took for the baseline of their groups.
    ///
    /// The ledger of a host may be younger than a rule that was made under an exemption. The table knows it, so that the rule is closed
    /// although no host is left whose ledger knows it. The table is asked once for each rule of the baseline that this ledger has first
    /// seen since the exemption began or since the table was last asked, after the end of an exemption and after each snapshot then.
    func recallLent() async throws {
        guard shared.isShared else { return }
        let now = clock.now()
        let ended = policies.current.exempt.filter { $0.then == .revert && $0.isOver(at: now) }
        guard !ended.isEmpty else { return }
        let rules = try await writer.write { transaction -> [StandingRule] in
            guard let snapshot = try transaction.moment("snapshot") else { return [] }
            let last = try transaction.moment(Self.asked)
            let fresh = ended.filter { exemption in last.map { exemption.until ?? .distantPast > $0 } ?? true }
            guard !fresh.isEmpty || last.map({ snapshot > $0 }) ?? true else { return [] }
            let since = fresh.map { $0.from ?? .distantPast }.min()
            let rules = try transaction.baseline(seenSince: min(since ?? .distantFuture, last ?? .distantFuture))
            if rules.isEmpty { try transaction.mark(Self.asked, at: now) }
            return rules
        }
        guard !rules.isEmpty else { return }
        for rule in rules where ended.contains(where: { $0.groups?.contains(rule.groupID.description) ?? true }) {
            guard let known = try await shared.rule(rule.id.description) else { return }
            guard let known, known.content == "\(rule.content.rule)", let approval = known.approval,
                approval.isExemption
            else { continue }
            try await writer.write { try $0.keep(lent: approval, of: rule, from: known.eventID) }
        }
        try await writer.write { try $0.mark(Self.asked, at: now) }
    }
}
