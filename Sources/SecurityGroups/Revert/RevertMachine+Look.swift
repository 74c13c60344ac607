extension RevertMachine {
    /// Takes the rules that EC2 shows. Returns the rules that are to be judged now.
    package mutating func saw(_ live: [LiveRule], at now: Duration) -> [Candidate] {
        if searchesGroup {
            find(live)
            hasSearched = true
        }
        return items.indices.compactMap { index in
            guard items[index].settled == nil else { return nil }
            return event.change.kind.isRemoval ? sawRemoved(index, live, now) : sawPresent(index, live, now)
        }
    }

    mutating func find(_ live: [LiveRule]) {
        let known = Set(items.compactMap(\.changed.id))
        for rule in live where rule.groupID == event.groupID && !known.contains(rule.id.description) {
            guard event.change.kind.direction ?? rule.rule.direction == rule.rule.direction else { continue }
            let changed = ChangedRule(
                id: rule.id.description,
                direction: rule.rule.direction,
                traffic: nil,
                ruleDescription: nil
            )
            items.append(Item(changed: changed, origin: .found))
        }
    }

    mutating func sawPresent(_ index: Int, _ live: [LiveRule], _ now: Duration) -> Candidate? {
        let item = items[index]
        let matched = history.matched == nil ? nil : intended
        let standing = Standing(of: item.changed, in: event.groupID, among: live, matched: matched)
        var moment = moment(of: item, at: now)
        if item.origin == .guessed, live.contains(where: { $0.groupID == event.groupID }) { moment.isEarly = false }
        let match: RecordMatch = item.changed.traffic == nil ? .untold : .exact
        let verdict = reconcileUnwanted(standing, event.change.kind, attempt: item.attempt, match: match, at: moment)
        guard case .judge(let rule, let match) = verdict else {
            take(verdict, at: index, now)
            return nil
        }
        if match == .other { items[index].otherSince = item.otherSince ?? now }
        let added = event.tellsAdded && item.changed.id != nil ? item.changed.rule : nil
        let question = RuleQuestion(ruleID: rule.id, rule: rule.rule, added: added)
        return Candidate(index: index, live: rule, match: match, question: question)
    }

    mutating func sawRemoved(_ index: Int, _ live: [LiveRule], _ now: Duration) -> Candidate? {
        let item = items[index]
        let target = item.attempt?.wanted ?? item.changed.rule
        let found = target.flatMap { rule in live.first { $0.groupID == event.groupID && $0.rule == rule } }
        // If only the rule's id is known and a rule with that id stands, it was not removed.
        let stands = item.changed.strictID.flatMap { id in live.first { $0.id == id && $0.groupID == event.groupID } }
        let verdict = reconcileWanted(
            target,
            found: (found ?? stands)?.id,
            attempt: item.attempt,
            at: moment(of: item, at: now)
        )
        let question = RuleQuestion(ruleID: item.changed.strictID, rule: item.changed.rule)
        let candidate = Candidate(index: index, live: nil, match: .exact, question: question)
        switch verdict {
        case .judgeRemoved: return candidate
        case .doneEarlier(let id?):
            var candidate = candidate
            candidate.putBack = id
            return candidate
        default:
            take(verdict, at: index, now)
            return nil
        }
    }

    func moment(of item: Item, at now: Duration) -> RuleMoment {
        RuleMoment(
            isEarly: now < settlesAt,
            isOverdue: item.attempt.map { now >= $0.since + event.settle } ?? false,
            isOurDoing: isOurDoing(item.changed)
        )
    }

    /// Applies a verdict that needs neither ledger nor policy.
    mutating func take(_ verdict: RuleVerdict, at index: Int, _ now: Duration) {
        switch verdict {
        case .lookAgain, .judge, .judgeRemoved: break
        case .proven(let id): prove(index, id: id, now)
        case .doneEarlier where isLeftAlone(index):
            take(.settle(.alreadyGone), at: index, now)
        case .doneEarlier(let id):
            let direction = items[index].changed.direction ?? .ingress
            reverted(index, SettledRule(.reverted, reversal: id.map { .putBack($0, direction, event.groupID) }), now)
        case .settle(let outcome):
            let decision = recordedDecision(index)
            // An allowed or exempt rule that is gone counts as allowed or exempt, not as an offence that somebody undid.
            let known = event.change.kind.isRemoval ? nil : decision?.decision.settledOutcome
            settle(index, SettledRule(outcome == .alreadyGone ? known ?? outcome : outcome, decision: decision))
        case .fail(let reason):
            unproven = reason
            settle(index, SettledRule(.failed, decision: items[index].attempt?.decision, live: reason.live))
        }
    }

    /// True if an earlier run of this event may have done what the rule shows now: either that run recorded it, or it recorded
    /// its intent and died before it recorded the result. Under an entry that only reports, the intent of a run says nothing.
    func isOurDoing(_ changed: ChangedRule) -> Bool {
        if wasReverted(changed) { return true }
        guard history.isTakeover, planner.watch.action == .revert else { return false }
        let matched = history.matched ?? []
        return changed.strictID.map(matched.contains) ?? !matched.isEmpty
    }

    /// True for an added or modified rule that no run of this event reverts, since it is allowed or its maker exempt. Somebody else
    /// took it away.
    private func isLeftAlone(_ index: Int) -> Bool {
        guard !event.change.kind.isRemoval, !wasReverted(items[index].changed) else { return false }
        return recordedDecision(index)?.decision.settledOutcome != nil
    }

    /// True if an earlier run recorded that it reverted the rule.
    ///
    /// Rules are compared by id; by content where the record has no ids, or where the rule was put back under a new id.
    func wasReverted(_ changed: ChangedRule) -> Bool {
        history.reverted.contains { earlier in
            if let id = changed.id, id == earlier.id { return true }
            guard changed.id == nil || event.change.kind.isRemoval, let rule = changed.rule else { return false }
            return rule == earlier.rule
        }
    }
}

extension RevertAttempt {
    /// The content of the rule that is to be put back.
    fileprivate var wanted: SecurityGroupRule? {
        if case .authorize(let approved) = step { approved.content.rule } else { nil }
    }
}

extension UnprovenRule {
    /// The rule as EC2 shows it.
    var live: LiveRule? {
        switch self {
        case .stillStands(let live), .shownButUnknown(let live): live
        case .notPutBack: nil
        }
    }
}

extension ChangedRule {
    /// The rule's id, if the record has one of a form that EC2 uses.
    package var strictID: SecurityGroupRuleID? {
        id.flatMap { SecurityGroupRuleID($0) }
    }
}
