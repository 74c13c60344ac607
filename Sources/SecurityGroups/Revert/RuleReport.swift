package import FoundationEssentials

/// How one rule of a run came out, as it is told to the ledger and to people.
package struct RuleReport: Hashable, Sendable {
    /// The rule's id, where one is known; of a rule that was put back, its new one.
    package let ruleID: SecurityGroupRuleID?
    /// What the rule says; nil for one that the record knows by id alone and that nobody ever saw.
    package let rule: SecurityGroupRule?
    /// Its description.
    package let ruleDescription: String?
    /// What the policy said of it.
    package let decision: Decision?
    /// What became of it.
    package let outcome: RuleOutcome
    /// What was done to it.
    package let reversal: Reversal?
    /// The rule as it stands after the run, as far as EC2 showed it.
    package let standing: LiveRule?
    /// Why it may stand so, where that was decided by this run.
    package let approval: Approval?
    /// What the record says that was added under the rule's id.
    package let added: SecurityGroupRule?
    /// True where the rule was seen to be gone, or was taken away.
    package let isGone: Bool
    /// When a revert that waits for a limit may be made.
    package let notBefore: Date?
    /// True where an earlier run recorded that it reverted the rule, and this one found it so.
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

    /// True where the record contradicts what the ledger knows.
    package var isConflict: Bool { history.isConflict || contradiction != nil }

    /// True where nothing is known of what the event did, and nothing was found that it could have done.
    package var foundNothing: Bool {
        searchesGroup && !items.contains { $0.origin != .known }
    }

    /// How each rule came out.
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
        return RuleReport(
            ruleID: settled.reversal?.newID ?? settled.live?.id ?? settled.made?.id ?? item.changed.strictID,
            rule: content?.rule ?? item.changed.rule ?? item.changed.guessedRule,
            ruleDescription: content.map(\.ruleDescription) ?? item.changed.ruleDescription,
            decision: settled.decision,
            outcome: settled.outcome,
            reversal: settled.reversal ?? reversalByEarlierRun(item, settled),
            standing: settled.standing,
            approval: settled.approval,
            added: event.change.kind == .ruleModified || event.change.kind.isRemoval ? nil : item.changed.rule,
            isGone: settled.isGone || (event.change.kind.isRemoval && settled.outcome != .changedSince),
            notBefore: settled.notBefore,
            isFromEarlierRun: settled.outcome == .reverted && settled.reversal == nil
        )
    }

    /// What a run before this one did, that did not live to tell: it took away what the record says.
    private func reversalByEarlierRun(_ item: Item, _ settled: SettledRule) -> Reversal? {
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
    /// The id of a rule that was put back.
    fileprivate var newID: SecurityGroupRuleID? {
        if case .putBack(let id, _, _) = self { id } else { nil }
    }
}

extension ChangedRule {
    /// The rule of a modification that was never seen, taken for ingress: nearly all are.
    fileprivate var guessedRule: SecurityGroupRule? {
        traffic.map { SecurityGroupRule(direction: direction ?? .ingress, traffic: $0) }
    }
}
