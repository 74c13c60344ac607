extension RevertMachine {
    /// Notes that `moves` are about to be made.
    ///
    /// - Returns: The ids of all rules that any run of the event intends to revert, or nil if the ledger has all of them already.
    package mutating func intends(_ moves: [Move]) -> [SecurityGroupRuleID]? {
        let ids = moves.compactMap { $0.step.live?.id ?? items[$0.index].changed.strictID }
        let isFirst = history.matched == nil && intended.isEmpty
        guard isFirst || !intended.isSuperset(of: ids) else { return nil }
        intended.formUnion(ids)
        return allIntended
    }

    /// The ids of all rules that any run of the event intends to revert.
    package var allIntended: [SecurityGroupRuleID] {
        intended.sorted { $0.description < $1.description }
    }

    /// Notes that calls were sent but their responses never arrived.
    package mutating func lost(_ moves: some Sequence<Move>, at now: Duration) {
        for move in moves { attempt(move, .lost, now) }
    }

    /// Notes that EC2 accepted a call.
    ///
    /// - Parameters:
    ///   - isProven: True if the response itself proves the effect.
    ///   - id: The id of the new rule, where the call added one.
    package mutating func accepted(_ move: Move, isProven: Bool, id: SecurityGroupRuleID? = nil, at now: Duration) {
        attempt(move, .accepted, now)
        if isProven { prove(move.index, id: id, now) }
    }

    /// Notes that EC2 answered NotFound to a call.
    package mutating func unknown(_ move: Move, at now: Duration) {
        if case .authorize(let approved) = move.step {
            // The settle time is over, so what EC2 does not know is gone: the group, or the group that is the rule's source.
            var outcome = RuleOutcome.alreadyGone
            if case .group(let id) = approved.content.rule.peer, id != event.groupID.description {
                outcome = .notRestored
            }
            settle(move.index, SettledRule(outcome, decision: move.decision))
        } else {
            attempt(move, items[move.index].attempt?.answer == .lost ? .lost : .unknown, now)
        }
    }

    /// Notes that EC2 answered Duplicate: another rule of the group has the content of the one that was to be added.
    package mutating func duplicate(_ move: Move, at now: Duration) {
        guard items[move.index].attempt?.answer != .lost else { return }
        // An earlier run may have put the rule back and died. The next look finds the id.
        if isOurDoing(items[move.index].changed) { return attempt(move, .lost, now) }
        // Somebody else has put the rule back.
        settle(move.index, SettledRule(.changedSince, decision: move.decision))
    }

    /// Notes that EC2 refused to restore a rule, with this code. It is revoked then.
    ///
    /// - Parameter mayBeDone: True if an earlier request of the same call may have had its effect.
    package mutating func refused(_ move: Move, _ code: String, mayBeDone: Bool = false) {
        items[move.index].restoreRefusal = code
        if !mayBeDone { items[move.index].state = .open }
    }

    /// Ends the run. Every rule that is not settled has failed.
    package mutating func fail() {
        for index in items.indices where items[index].origin != .known {
            if let settled = items[index].settled, settled.outcome != .alreadyGone { continue }
            let attempt = items[index].attempt
            let decision = attempt?.decision ?? items[index].settled?.decision ?? recordedDecision(index)
            items[index].state = .settled(SettledRule(.failed, decision: decision, live: attempt?.step.live))
        }
    }

    mutating func attempt(_ move: Move, _ answer: RevertAttempt.Answer, _ now: Duration) {
        // A call whose response was lost is sent again, and its settle time starts anew.
        let since = items[move.index].attempt.flatMap { $0.answer == .lost ? nil : $0.since } ?? now
        items[move.index].state = .attempting(
            RevertAttempt(step: move.step, decision: move.decision, since: since, answer: answer)
        )
    }

    mutating func prove(_ index: Int, id: SecurityGroupRuleID?, _ now: Duration) {
        guard let attempt = items[index].attempt else { return }
        reverted(index, attempt.proven(id: id, in: event.groupID), now)
    }

    mutating func reverted(_ index: Int, _ settled: SettledRule, _ now: Duration) {
        settle(index, settled)
        lastRevert = now
    }

    mutating func settle(_ index: Int, _ settled: SettledRule) {
        items[index].state = .settled(settled)
    }

    func recordedDecision(_ index: Int) -> Decision? {
        guard !history.isConflict else { return nil }
        return items[index].changed.rule.map(planner.decide)
    }
}
