import Foundation
import Ledger
import SecurityGroups

extension EventClaims {
    /// The past of rules by the ledger, with the limits counted over all hosts.
    ///
    /// The shared table is called if the policy has limits, for a rule that says something else than its record, and for the rules of
    /// a record that came late.
    func past(
        of questions: [RuleQuestion],
        _ query: PastQuery,
        isLate: Bool = false,
        now: Date
    ) async throws -> [RulePast] {
        var pasts = try await writer.write { transaction in
            try questions.map { try transaction.past(of: $0, query) }
        }
        let asked = pasts.indices.filter { pasts[$0].approval == nil && (isLate || questions[$0].isChangedSince) }
        // A few at once: a record may name a thousand rules.
        for chunk in asked.chunks(of: 16) {
            try await withThrowingTaskGroup(of: (Int, Approval?).self) { group in
                for index in chunk { group.addTask { (index, try await approvalElsewhere(of: questions[index])) } }
                for try await (index, approval) in group
                where questions[index].isChangedSince || approval?.isByPerson(since: query.eventTime) == true {
                    pasts[index].approval = approval
                }
            }
        }
        let limits = query.limits
        guard shared.isShared, limits.areSet else { return pasts }
        let hasGroupLimits = limits.perRule != nil || limits.perGroup != nil
        let ofGroup = hasGroupLimits ? try await shared.reverts(of: query.groupID) : SharedReverts()
        let ofAll = limits.overall != nil ? try await shared.reverts(of: nil) : SharedReverts()
        let rooms = [
            limits.perGroup.flatMap { ofGroup.roomAt($0, but: query.eventID, now: now) },
            limits.overall.flatMap { ofAll.roomAt($0, but: query.eventID, now: now) },
        ]
        return zip(questions, pasts).map { question, past in
            var past = past
            past.roomAt = (rooms + [past.roomAt]).compactMap(\.self).max()
            if limits.perRule != nil, let rule = question.rule {
                let fleet = ofGroup.count(of: rule, but: query.eventID, now: now)
                past.reverts = max(past.reverts, fleet.count)
                past.lastRevert = [past.lastRevert, fleet.last].compactMap(\.self).max()
            }
            return past
        }
    }

    /// The approval of a rule's content on another host, by the event of a later change or by a person; nil if there is none.
    private func approvalElsewhere(of question: RuleQuestion) async throws -> Approval? {
        guard shared.isShared, let id = question.ruleID, let rule = question.rule,
            let known = try await shared.rule(id.description).flatMap(\.self), known.content == "\(rule)"
        else { return nil }
        return known.approval
    }

    /// Counts the rules that a run reverted toward the limits of all hosts.
    func count(_ result: RunResult, of claim: Claim, limits: RevertLimits, now: Date) async throws {
        guard shared.isShared, limits.areSet else { return }
        // The rules that an earlier run reverted were counted then.
        let counted = Set(claim.alreadyReverted.compactMap(\.ruleID))
        let reverted = result.rules.filter { $0.outcome == .reverted && !counted.contains($0.ruleID ?? "") }
        guard !reverted.isEmpty else { return }
        func entries(_ rules: [RuleResult]) -> [SharedReverts.Entry] {
            rules.compactMap { $0.rule.map { SharedReverts.Entry($0, of: claim.eventID, at: now) } }
        }
        if limits.perRule != nil || limits.perGroup != nil {
            for (groupID, rules) in Dictionary(grouping: reverted, by: \.groupID) {
                if let groupID { try await shared.keep(entries(rules), of: groupID) }
            }
        }
        if limits.overall != nil { try await shared.keep(entries(reverted), of: nil) }
    }
}
