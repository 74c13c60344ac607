package import FoundationEssentials

/// The result for one rule of a run, as the ledger and people get it.
package struct RuleReport: Hashable, Sendable {
    /// The rule's id, if it is known. A rule that was put back has its new id here.
    package let ruleID: SecurityGroupRuleID?
    /// True if the record names the rule by its id; false if the rule was looked for by its content.
    package let isNamed: Bool
    /// The rule's content. Nil if the record names the rule by id alone and EC2 never showed it.
    package let rule: SecurityGroupRule?
    /// Its description.
    package let ruleDescription: String?
    /// The policy's decision; nil if it was not asked.
    package let decision: Decision?
    /// The outcome.
    package let outcome: RuleOutcome
    /// The call that was made about the rule.
    package let reversal: Reversal?
    /// The rule as it stands after the run, as far as EC2 showed it.
    package let standing: LiveRule?
    /// The reason why it may stand, if this run decided so.
    package let approval: Approval?
    /// The content that the record says was added under the rule's id.
    package let added: SecurityGroupRule?
    /// True if the rule was gone, or was revoked.
    package let isGone: Bool
    /// The time from which a revert that waits for a limit may be made.
    package let notBefore: Date?
    /// True if an earlier run recorded the revert, and this run only confirmed it.
    package let isFromEarlierRun: Bool
}

extension RevertMachine {
    /// The event's outcome.
    package var outcome: EventOutcome {
        let outcomes = items.filter { $0.origin != .known }.map { $0.settled?.outcome ?? .failed }
        let outcome = EventOutcome(of: outcomes)
        let isFinal = ![.failed, .reverted, .reported, .suppressed].contains(outcome)
        return isConflict && isFinal ? .conflict : outcome
    }

    /// True if the record contradicts the ledger.
    package var isConflict: Bool { history.isConflict || contradiction != nil }

    /// True if the record does not tell what the event did, and the group has no rule that the event could have added.
    package var foundNothing: Bool {
        searchesGroup && !items.contains { $0.origin != .known }
    }

    /// The result for each rule.
    package var reports: [RuleReport] {
        items.compactMap { item in
            guard item.origin != .known, item.origin != .guessed || item.settled?.outcome != .alreadyGone else {
                return nil
            }
            return report(of: item)
        }
    }

    private func report(of item: Item) -> RuleReport {
        let settled = item.settled ?? SettledRule(.failed)
        let content = (settled.live ?? settled.made)?.content
        let earlierRevoke = revokeByEarlierRun(item, settled)
        return RuleReport(
            ruleID: settled.reversal?.newID ?? settled.live?.id ?? settled.made?.id ?? item.changed.strictID,
            isNamed: item.changed.id != nil,
            rule: content?.rule ?? item.changed.rule ?? item.changed.guessedRule,
            ruleDescription: content.map(\.ruleDescription) ?? item.changed.ruleDescription,
            decision: settled.decision,
            outcome: settled.outcome,
            reversal: settled.reversal ?? earlierRevoke,
            standing: settled.standing,
            approval: settled.approval,
            added: event.tellsAdded && item.changed.id != nil ? item.changed.rule : nil,
            isGone: settled.isGone || earlierRevoke != nil
                || (event.change.kind.isRemoval && settled.outcome != .changedSince),
            notBefore: settled.notBefore,
            isFromEarlierRun: settled.outcome == .reverted && settled.reversal == nil
        )
    }

    /// The revoke that an earlier run made before it died: it removed the rule as recorded.
    private func revokeByEarlierRun(_ item: Item, _ settled: SettledRule) -> Reversal? {
        guard settled.outcome == .reverted, !event.change.kind.isRemoval, settled.live == nil,
            let id = item.changed.strictID, let rule = item.changed.rule ?? item.changed.guessedRule
        else { return nil }
        let stood = LiveRule(
            id: id,
            groupID: event.groupID,
            rule: rule,
            ruleDescription: item.changed.ruleDescription,
            peerOwner: item.changed.peerOwner
        )
        return .revoked(stood)
    }
}

extension Reversal {
    /// The id of the new rule, if one was put back.
    fileprivate var newID: SecurityGroupRuleID? {
        if case .putBack(let id, _, _) = self { id } else { nil }
    }
}

extension ChangedRule {
    /// The content of a modified rule that EC2 never showed. Ingress is assumed, because most rules are.
    fileprivate var guessedRule: SecurityGroupRule? {
        traffic.map { SecurityGroupRule(direction: direction ?? .ingress, traffic: $0) }
    }
}
