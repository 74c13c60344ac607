import Foundation
import Ledger
import SecurityGroups

extension StateKeeper {
    /// Finds the rules of ended exemptions among those that this ledger took for the baseline of their groups.
    ///
    /// The ledger of a host may be younger than a rule that was made under an exemption. The table knows it, so that the rule is closed
    /// although no host is left whose ledger knows it. The table is asked after the end of an exemption, for the rules of the baseline
    /// that this ledger has first seen since the exemption began, and after each snapshot then, for those that it has first seen since
    /// the table was last asked.
    func recallLent() async throws {
        guard shared.isShared else { return }
        let now = clock.now()
        let ended = policies.current.exempt.filter { $0.closes(at: now) }
        guard !ended.isEmpty else { return }
        let (due, rules) = try await writer.write { transaction -> ([Exemption], [StandingRule]) in
            guard let snapshot = try transaction.moment(Self.snapshotEnded) else { return ([], []) }
            let asked = try ended.map { exemption in
                // A moment of the future was written before the clock was set back.
                (exemption, last: try transaction.moment(Self.asked(exemption)).flatMap { $0 > now ? nil : $0 })
            }
            let due = asked.filter { $0.last.map { $0 < snapshot } ?? true }
            // The clocks of two hosts, and of AWS, differ.
            guard let since = due.map({ $0.last ?? $0.0.from?.addingTimeInterval(-60) ?? .distantPast }).min() else {
                return ([], [])
            }
            return (due.map(\.0), try transaction.baseline(seenSince: since))
        }
        guard !due.isEmpty else { return }
        for rule in rules where due.contains(where: { $0.groups?.contains(rule.groupID.description) ?? true }) {
            guard let known = try await shared.rule(rule.id.description) else { return }
            guard let known, known.content == "\(rule.content.rule)", let approval = known.approval,
                approval.isExemption
            else { continue }
            try await writer.write { try $0.keep(lent: approval, of: rule, from: known.eventID) }
        }
        try await writer.write { for exemption in due { try $0.mark(Self.asked(exemption), at: now) } }
    }

    /// The name of the moment at which the table was last asked for the rules of an exemption.
    private static func asked(_ exemption: Exemption) -> String { "\(exemption.noticeID(.ended)):asked" }
}
