package import FoundationEssentials

extension RevertMachine {
    /// True if the ledger must be asked before the candidates can be judged.
    package func needsPast(_ candidates: [Candidate]) -> Bool {
        planner.needsPast || history.mayKnowRules || history.isConflict || searchesGroup
            || candidates.contains {
                $0.match != .exact || items[$0.index].changed.id == nil || decision(on: $0) == .exempt
            }
    }

    /// Judges the candidates with what the ledger knows of each. Returns the steps to take now.
    package mutating func plan(
        _ candidates: [Candidate],
        pasts: [RulePast],
        isDryRun: Bool,
        at now: Duration,
        date: Date
    ) -> [Move] {
        zip(candidates, pasts).compactMap { candidate, past in
            plan(candidate, past, isDryRun: isDryRun, now, date)
        }
    }

    mutating func plan(
        _ candidate: Candidate,
        _ past: RulePast,
        isDryRun: Bool,
        _ now: Duration,
        _ date: Date
    ) -> Move? {
        let index = candidate.index
        if items[index].origin == .found, past.isKnown {
            items[index].origin = .known
            settle(index, SettledRule(.changedSince))
            return nil
        }
        let isConflict = findsConflict(candidate, past)
        guard let live = candidate.live else {
            let removed = candidate.question.rule
            let plan = planner.plan(forRemoved: removed, past: past, isConflict: isConflict, now: date)
            if let id = candidate.putBack {
                confirm(plan, index, putBackAs: id, now)
                return nil
            }
            return follow(plan, index, live: nil, match: candidate.match, isDryRun: isDryRun, now)
        }
        var plan = planner.plan(
            for: live,
            match: candidate.match,
            past: known(past, of: index),
            isConflict: isConflict,
            restoreRefusal: items[index].restoreRefusal,
            now: date
        )
        if candidate.match == .other, event.isOwn {
            // The next look judges what it says by now.
            plan.step = .nothing(.changedSince)
        } else if candidate.match == .other, !isConflict, plan.step.isOffence {
            if isPatient(index, now) { return nil }
            // The rule was modified again. That modification has its own record, which is judged. A rule that is modified
            // again and again, faster than the records come, would never say what a record says.
            if event.change.kind == .ruleModified, past.outrunModifications < Self.patience {
                plan.step = .nothing(.changedSince)
            }
        }
        return follow(plan, index, live: live, match: candidate.match, isDryRun: isDryRun, now)
    }

    /// Settles a rule that an earlier run of the event has put back. It stands for the reason for which the removed rule stood.
    private mutating func confirm(_ plan: RevertPlan, _ index: Int, putBackAs id: SecurityGroupRuleID, _ now: Duration)
    {
        guard case .authorize = plan.step else { return take(.doneEarlier(id), at: index, now) }
        attempt(Move(index: index, step: plan.step, decision: plan.decision), .lost, now)
        prove(index, id: id, now)
    }

    /// True if the record is not to be believed. Notes what contradicts it.
    private mutating func findsConflict(_ candidate: Candidate, _ past: RulePast) -> Bool {
        let decision = decision(on: candidate)
        if let contradiction = past.contradiction ?? decision.flatMap({ past.dispute(of: $0) }) {
            contradicts(contradiction)
            return true
        }
        // A record with an id of its own is believed if it says that somebody exempt added what EC2 shows. One whose id
        // is known with other content is believed as much, or a forged record could take the exemption from the true one.
        let isBelieved = event.tellsAdded && candidate.match == .exact && decision == .exempt
        return history.isConflict && !isBelieved
    }

    /// The past of a rule. No other event made it where the record names it, or an earlier run of this event found it.
    private func known(_ past: RulePast, of index: Int) -> RulePast {
        guard items[index].changed.id != nil || history.matched != nil else { return past }
        var known = past
        known.isBroughtByAnother = false
        known.isOfAnotherEvent = false
        return known
    }

    /// After so many outrun modifications within an hour, the next one is judged by what the rule says.
    private static let patience = 3

    /// The decision about the live rule if the record is believed; nil for a removed rule.
    private func decision(on candidate: Candidate) -> RuleDecision? {
        candidate.live.map { planner.decide($0.rule).decision }
    }

    /// True while the record of the later change may still arrive. That record is then judged instead.
    private func isPatient(_ index: Int, _ now: Duration) -> Bool {
        guard planner.watchesModifications, event.change.kind != .ruleModified,
            let since = items[index].otherSince
        else { return false }
        let isExempt = items[index].changed.rule.map { planner.decide($0).decision == .exempt } ?? false
        return now < since + event.settle * (isExempt ? 4 : 1)
    }

    private mutating func follow(
        _ plan: RevertPlan,
        _ index: Int,
        live: LiveRule?,
        match: RecordMatch,
        isDryRun: Bool,
        _ now: Duration
    ) -> Move? {
        switch plan.step {
        case .nothing(let outcome):
            // A rule that stands as its record says was not touched.
            let isRestored = live != nil && event.change.kind == .ruleModified && match != .exact
            if isRestored, isOurDoing(items[index].changed), outcome != .suppressed {
                // An earlier run of this event restored the rule to what stands now.
                reverted(index, SettledRule(.reverted, decision: plan.decision), now)
            } else {
                let settled = SettledRule(
                    outcome,
                    decision: plan.decision,
                    live: live,
                    approval: plan.approval,
                    notBefore: plan.notBefore
                )
                settle(index, settled)
            }
            return nil
        case .revoke, .restore, .authorize:
            if isDryRun {
                settle(index, SettledRule(.reported, decision: plan.decision, live: live))
                return nil
            }
            return Move(index: index, step: plan.step, decision: plan.decision)
        }
    }
}

extension RevertStep {
    /// True if the rule must not stay as it is, even where a limit makes the revert wait.
    fileprivate var isOffence: Bool {
        switch self {
        case .revoke, .restore, .nothing(.suppressed): true
        case .authorize, .nothing: false
        }
    }

    /// The live rule that the step changes.
    var live: LiveRule? {
        switch self {
        case .revoke(let live), .restore(let live, _): live
        case .authorize, .nothing: nil
        }
    }
}

extension RulePast {
    /// The words for another record that contradicts one that adds the rule; nil if there is none. An id is given only
    /// once, so of two callers who added the rule one is invented.
    ///
    /// - Parameter decision: The decision if the record is believed.
    fileprivate func dispute(of decision: RuleDecision) -> String? {
        switch decision {
        case .revert: rival
        case .exempt where isClaimedByOthers: "another record says that somebody added the rule who is not exempt"
        case .exempt, .allow: nil
        }
    }
}
