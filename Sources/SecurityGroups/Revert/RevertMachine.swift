package import FoundationEssentials

/// One run of one event, as a value: it is told what EC2 shows, what the ledger knows and what calls answered, and says what is
/// to be done next.
///
/// Its time is what has passed since the run's start.
package struct RevertMachine: Sendable {
    /// What is run.
    package struct Event: Sendable {
        /// What the call did.
        package var change: SecurityGroupChange
        /// The group.
        package var groupID: SecurityGroupID
        /// True for the record of a new group, whose egress no call added.
        package var isNewGroup = false
        /// How old the event is at the run's start.
        package var age: Duration
        /// For so long after a change, what EC2 shows may be older.
        package var settle: Duration

        /// An event.
        package init(
            change: SecurityGroupChange,
            groupID: SecurityGroupID,
            isNewGroup: Bool = false,
            age: Duration,
            settle: Duration
        ) {
            self.change = change
            self.groupID = groupID
            self.isNewGroup = isNewGroup
            self.age = age
            self.settle = settle
        }
    }

    /// What earlier runs of the event left.
    package struct History: Sendable {
        /// The ids that they tried to revert; nil where no run came so far.
        package var matched: Set<SecurityGroupRuleID>?
        /// The ids that were written down as to be reverted together with the claim of this run.
        package var kept: Set<SecurityGroupRuleID> = []
        /// True where the run before this one did not live to tell.
        package var isTakeover = false
        /// The rules that they reverted, by id and by what they said.
        package var reverted: [(id: String?, rule: SecurityGroupRule?)] = []
        /// True where the record contradicts what the ledger knows of its event.
        package var isConflict = false
        /// False where the ledger has never met one of the rules that the record names.
        package var mayKnowRules = true

        /// The history of an event that is run for the first time.
        package init() {}
    }

    /// Where a rule of the run comes from.
    enum Origin: Hashable, Sendable {
        /// The record names it.
        case recorded
        /// No record says whether there is such a rule.
        case guessed
        /// The group has it, and the record cannot be read well enough to say whether it is the event's.
        case found
        /// The group has it, and the ledger has judged it before.
        case known
    }

    /// One rule on its way through the run.
    struct Item: Sendable {
        let changed: ChangedRule
        var origin = Origin.recorded
        var state = RuleState.open
        /// When the rule was first seen to say something else than the record says.
        var otherSince: Duration?
        /// False once another rule says what this one said before.
        var canBeRestored = true

        var attempt: RevertAttempt? { if case .attempting(let attempt) = state { attempt } else { nil } }
        var settled: SettledRule? { if case .settled(let settled) = state { settled } else { nil } }
    }

    /// A rule about which the ledger and the policy are to be asked.
    package struct Candidate: Sendable {
        let index: Int
        let live: LiveRule?
        let match: RecordMatch
        /// What the ledger is to be asked.
        package let question: RuleQuestion
    }

    /// What is to be done now about one rule.
    package struct Move: Hashable, Sendable {
        /// The rule's place in the run.
        package let index: Int
        /// What is to be done.
        package let step: RevertStep
        let decision: Decision
    }

    /// What is to be looked at.
    package enum Look: Hashable, Sendable {
        /// These rules.
        case rules([SecurityGroupRuleID])
        /// All rules of the group.
        case group
    }

    package let event: Event
    private(set) var planner: RevertPlanner
    package let history: History
    private(set) var items: [Item]
    /// Until when what EC2 shows may be older than the event.
    private let settlesAt: Duration
    private var looks = 0
    private var hasSearched = false
    /// The ids that this run, and those before it, tried to revert.
    private var intended: Set<SecurityGroupRuleID>
    /// What contradicts what.
    package private(set) var contradiction: String?
    /// When the last rule was seen to be reverted.
    package private(set) var lastRevert: Duration?
    /// What could not be proven.
    package private(set) var unproven: UnprovenRule?

    /// A run that begins now.
    package init(_ event: Event, planner: RevertPlanner, history: History = History()) {
        self.event = event
        self.planner = planner
        self.history = history
        intended = (history.matched ?? []).union(history.kept)
        items = event.change.rules.map { Item(changed: $0) }
        if event.isNewGroup, let guess = Self.guess(planner) { items.append(guess) }
        // The record of the call that added a rule may come later than that of its removal. Who put the rule back in between
        // would not know that it must not stand; so this waits until whoever has that record is done with it.
        settlesAt = event.settle * (event.change.kind.isRemoval ? 2 : 1) - event.age
        if event.change.kind.isRemoval, !history.isConflict {
            for index in items.indices {
                let decision = planner.decide(removed: items[index].changed.rule)
                guard decision.decision == .exempt else { continue }
                items[index].state = .settled(SettledRule(.exempt, decision: decision))
            }
        }
    }

    /// Takes the entries of the prefix lists in the rules that are judged.
    package mutating func know(_ lists: PrefixLists) {
        planner.context.prefixLists = lists
    }

    /// The second rule that EC2 gives a new group in a VPC with IPv6, as the record does not say either.
    private static func guess(_ planner: RevertPlanner) -> Item? {
        guard let all = CIDRBlock("::/0") else { return nil }
        let traffic = RuleTraffic(ipProtocol: .all, fromPort: nil, toPort: nil, peer: .cidr(all))
        let rule = SecurityGroupRule(direction: .egress, traffic: traffic)
        guard planner.decide(rule).decision == .revert else { return nil }
        return Item(changed: ChangedRule(id: nil, rule: rule, ruleDescription: nil), origin: .guessed)
    }

    /// True where the whole group is looked through, since the record cannot be read well enough.
    package var searchesGroup: Bool {
        event.change.unread != nil && event.change.mayHaveMoreRules && !event.change.kind.isRemoval
    }

    /// True while something is to be looked at.
    package func isOpen(at now: Duration) -> Bool {
        items.contains { $0.settled == nil } || (searchesGroup && (!hasSearched || now < settlesAt))
    }

    /// True where what EC2 shows now cannot yet be worth a look.
    package func isTooEarly(at now: Duration) -> Bool {
        event.change.kind.isRemoval && now < settlesAt
    }

    /// The rules of which the run says that they were gone before we came.
    package var goneRules: [RuleQuestion] {
        items.filter { $0.origin == .recorded && $0.settled?.outcome == .alreadyGone }.map { item in
            let added = event.change.kind == .ruleModified || event.change.kind.isRemoval ? nil : item.changed.rule
            return RuleQuestion(ruleID: item.changed.strictID, rule: nil, added: added)
        }
    }

    /// Takes that the record contradicts what the ledger knows.
    package mutating func contradicts(_ words: String) {
        contradiction = contradiction ?? words
    }

    /// What is to be looked at: the rules by id, which costs one call for the rules of many events; or the whole group, where an
    /// id is not known or it is what the rules say that matters.
    package var look: Look {
        let open = items.filter { $0.settled == nil }
        let ids = open.compactMap { $0.changed.strictID }
        let isByID = ids.count == open.count && !event.change.kind.isRemoval && !searchesGroup
        return isByID ? .rules(ids) : .group
    }

    /// How long to wait before the next look: from half a second, doubling, to two seconds.
    package mutating func nextPause() -> Duration {
        looks += 1
        return min(.milliseconds(250) * (1 << min(looks, 4)), .seconds(2))
    }

    /// Takes what EC2 shows, and answers the rules about which ledger and policy are to be asked.
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

    private mutating func find(_ live: [LiveRule]) {
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

    private mutating func sawPresent(_ index: Int, _ live: [LiveRule], _ now: Duration) -> Candidate? {
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
        let added = event.change.kind == .ruleModified || item.changed.id == nil ? nil : item.changed.rule
        let question = RuleQuestion(ruleID: rule.id, rule: rule.rule, added: added)
        return Candidate(index: index, live: rule, match: match, question: question)
    }

    private mutating func sawRemoved(_ index: Int, _ live: [LiveRule], _ now: Duration) -> Candidate? {
        let item = items[index]
        let target = item.attempt?.wanted ?? item.changed.rule
        let found = target.flatMap { rule in live.first { $0.groupID == event.groupID && $0.rule == rule } }
        // A rule that nobody knows more of than its id, and that stands, was not removed.
        let stands = item.changed.strictID.flatMap { id in live.first { $0.id == id && $0.groupID == event.groupID } }
        let verdict = reconcileWanted(
            target,
            found: (found ?? stands)?.id,
            attempt: item.attempt,
            at: moment(of: item, at: now)
        )
        guard case .judgeRemoved = verdict else {
            take(verdict, at: index, now)
            return nil
        }
        let question = RuleQuestion(ruleID: item.changed.strictID, rule: item.changed.rule)
        return Candidate(index: index, live: nil, match: .exact, question: question)
    }

    private func moment(of item: Item, at now: Duration) -> RuleMoment {
        RuleMoment(
            isEarly: now < settlesAt,
            isOverdue: item.attempt.map { now >= $0.since + event.settle } ?? false,
            isOurDoing: isOurDoing(item.changed)
        )
    }

    /// Takes what follows without another question.
    private mutating func take(_ verdict: RuleVerdict, at index: Int, _ now: Duration) {
        switch verdict {
        case .lookAgain, .judge, .judgeRemoved: break
        case .proven(let id): prove(index, id: id, now)
        case .doneEarlier(let id):
            let direction = items[index].changed.direction ?? .ingress
            reverted(index, SettledRule(.reverted, reversal: id.map { .putBack($0, direction, event.groupID) }), now)
        case .settle(let outcome):
            let decision = recordedDecision(index)
            // A rule that may stand and is gone is no offence that somebody undid.
            let known = event.change.kind.isRemoval ? nil : decision?.decision.settledOutcome
            settle(index, SettledRule(outcome == .alreadyGone ? known ?? outcome : outcome, decision: decision))
        case .fail(let reason):
            unproven = reason
            settle(index, SettledRule(.failed, decision: items[index].attempt?.decision, live: reason.live))
        }
    }

    /// True where the plans for `candidates` rest on what the ledger knows.
    package func needsPast(_ candidates: [Candidate]) -> Bool {
        planner.needsPast || history.mayKnowRules || history.isConflict || searchesGroup
            || candidates.contains { $0.match != .exact || items[$0.index].changed.id == nil }
    }

    /// Takes what the ledger knows of `candidates`, and answers what is to be done now.
    package mutating func plan(
        _ candidates: [Candidate],
        pasts: [RulePast],
        isDryRun: Bool,
        at now: Duration,
        date: Date
    ) -> [Move] {
        zip(candidates, pasts).compactMap { candidate, past in
            var past = past
            if !items[candidate.index].canBeRestored { past.earlier = nil }
            return plan(candidate, past, isDryRun: isDryRun, now, date)
        }
    }

    private mutating func plan(
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
        if let words = past.contradiction { contradicts(words) }
        let isConflict = history.isConflict || past.contradiction != nil
        guard let live = candidate.live else {
            let plan = planner.plan(
                forRemoved: candidate.question.rule,
                past: past,
                isConflict: isConflict,
                now: date
            )
            return follow(plan, index, live: nil, isDryRun: isDryRun, now)
        }
        var known = past
        // The event's own id, or one that an earlier run of the event found.
        if items[index].changed.id != nil || history.matched != nil { known.isOfAnotherEvent = false }
        var plan = planner.plan(for: live, match: candidate.match, past: known, isConflict: isConflict, now: date)
        if candidate.match == .other, !isConflict, plan.step.isOffence {
            if isPatient(index, now) { return nil }
            // A modification that says something else than its record has a record of its own, which is judged.
            if event.change.kind == .ruleModified { plan.step = .nothing(.changedSince) }
        }
        return follow(plan, index, live: live, isDryRun: isDryRun, now)
    }

    /// True while the record of whoever made the rule say something else may still come, and is judged when it does.
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
        isDryRun: Bool,
        _ now: Duration
    ) -> Move? {
        switch plan.step {
        case .nothing(let outcome):
            let isDone = live != nil && isOurDoing(items[index].changed) && outcome != .suppressed
            if isDone {
                // What stands now is what an earlier run restored.
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

    /// Takes `moves` as about to be made, and answers the ids of all rules that were ever to be reverted; nil where an earlier
    /// call told all of them.
    package mutating func intends(_ moves: [Move]) -> [SecurityGroupRuleID]? {
        let ids = moves.compactMap { $0.step.live?.id ?? items[$0.index].changed.strictID }
        let isFirst = history.matched == nil && intended.isEmpty
        guard isFirst || !intended.isSuperset(of: ids) else { return nil }
        intended.formUnion(ids)
        return intended.sorted { $0.description < $1.description }
    }

    /// Takes calls as made of which no answer came.
    package mutating func lost(_ moves: some Sequence<Move>, at now: Duration) {
        for move in moves { attempt(move, .lost, now) }
    }

    /// Takes that EC2 accepted a call, and whether it proved the effect.
    ///
    /// - Parameter id: The id of a rule that was put back.
    package mutating func accepted(_ move: Move, isProven: Bool, id: SecurityGroupRuleID? = nil, at now: Duration) {
        attempt(move, .accepted, now)
        if isProven { prove(move.index, id: id, now) }
    }

    /// Takes that EC2 did not know what a call was about.
    package mutating func unknown(_ move: Move, at now: Duration) {
        if case .authorize = move.step {
            // The event is old enough: a group that EC2 does not know is gone.
            settle(move.index, SettledRule(.alreadyGone, decision: move.decision))
        } else {
            attempt(move, items[move.index].attempt?.answer == .lost ? .lost : .unknown, now)
        }
    }

    /// Takes that another rule of the group says what was to be said.
    package mutating func duplicate(_ move: Move, at now: Duration) {
        if case .restore = move.step {
            items[move.index].canBeRestored = false
        } else if items[move.index].attempt?.answer != .lost {
            // Somebody else has put it back.
            settle(move.index, SettledRule(.changedSince, decision: move.decision))
        }
    }

    /// Ends the run: what is still open has failed.
    package mutating func fail() {
        for index in items.indices where items[index].origin != .known {
            if let settled = items[index].settled, settled.outcome != .alreadyGone { continue }
            let attempt = items[index].attempt
            let decision = attempt?.decision ?? items[index].settled?.decision ?? recordedDecision(index)
            items[index].state = .settled(SettledRule(.failed, decision: decision, live: attempt?.step.live))
        }
    }

    private mutating func attempt(_ move: Move, _ answer: RevertAttempt.Answer, _ now: Duration) {
        // A call of which no answer came is made again, and has its time from then on.
        let since = items[move.index].attempt.flatMap { $0.answer == .lost ? nil : $0.since } ?? now
        items[move.index].state = .attempting(
            RevertAttempt(step: move.step, decision: move.decision, since: since, answer: answer)
        )
    }

    private mutating func prove(_ index: Int, id: SecurityGroupRuleID?, _ now: Duration) {
        guard let attempt = items[index].attempt else { return }
        reverted(index, attempt.proven(id: id, in: event.groupID), now)
    }

    private mutating func reverted(_ index: Int, _ settled: SettledRule, _ now: Duration) {
        settle(index, settled)
        lastRevert = now
    }

    private mutating func settle(_ index: Int, _ settled: SettledRule) {
        items[index].state = .settled(settled)
    }

    private func recordedDecision(_ index: Int) -> Decision? {
        guard !history.isConflict else { return nil }
        return items[index].changed.rule.map(planner.decide)
    }

    /// True where a rule that is as it should be was made so by an earlier run of this event: one that recorded it, or one that
    /// was about to and did not live to tell.
    private func isOurDoing(_ changed: ChangedRule) -> Bool {
        if wasReverted(changed) { return true }
        guard history.isTakeover else { return false }
        let matched = history.matched ?? []
        return changed.strictID.map(matched.contains) ?? !matched.isEmpty
    }

    /// True where an earlier run recorded that it reverted the rule: by id, or by content where the record has no ids, or where
    /// the id is another since the rule was put back.
    private func wasReverted(_ changed: ChangedRule) -> Bool {
        history.reverted.contains { earlier in
            if let id = changed.id, id == earlier.id { return true }
            guard changed.id == nil || event.change.kind.isRemoval, let rule = changed.rule else { return false }
            return rule == earlier.rule
        }
    }
}

extension RevertStep {
    /// True where the rule must not stay as it is, now or when a limit has room.
    fileprivate var isOffence: Bool {
        switch self {
        case .revoke, .restore, .nothing(.suppressed): true
        case .authorize, .nothing: false
        }
    }

    /// The rule that stands and to which something is to be done.
    var live: LiveRule? {
        switch self {
        case .revoke(let live), .restore(let live, _): live
        case .authorize, .nothing: nil
        }
    }
}

extension RevertAttempt {
    /// What the rule says that is to be put back.
    fileprivate var wanted: SecurityGroupRule? {
        if case .authorize(let approved) = step { approved.content.rule } else { nil }
    }
}

extension UnprovenRule {
    /// The rule that stands.
    var live: LiveRule? {
        switch self {
        case .stillStands(let live), .shownButUnknown(let live): live
        case .notPutBack: nil
        }
    }
}

extension ChangedRule {
    /// The rule's id, where the record has one that EC2 could have made.
    package var strictID: SecurityGroupRuleID? {
        id.flatMap { SecurityGroupRuleID($0) }
    }
}
