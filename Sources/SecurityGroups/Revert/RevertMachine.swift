import Formats

/// The state machine of one run of one event. It does no I/O.
///
/// The caller passes in what EC2 shows (`saw`), what the ledger knows (`plan`) and what EC2 answered to calls (`accepted`, `lost`,
/// `unknown`, `duplicate`, `refused`). The machine answers with the next step. `RevertMachine+Look.swift`, `+Plan.swift` and `+Answer.swift`
/// hold one of these parts each. Every time is a duration since the start of the run.
package struct RevertMachine: Sendable {
    package let event: Event
    var planner: RevertPlanner
    package let history: History
    var items: [Item]
    /// Until this time EC2 may still show the state from before the event.
    let settlesAt: Duration
    private var looks = 0
    var hasSearched = false
    /// The rule ids that this run or an earlier run of the event tried to revert.
    var intended: Set<SecurityGroupRuleID>
    /// Says how the record contradicts the ledger, where it does.
    package internal(set) var contradiction: String?
    /// The time at which the revert of the last rule was confirmed.
    package internal(set) var lastRevert: Duration?
    /// The rule whose revert EC2 accepted but never showed.
    package internal(set) var unproven: UnprovenRule?

    /// Starts a run.
    package init(_ event: Event, planner: RevertPlanner, history: History = History()) {
        self.event = event
        self.planner = planner
        self.history = history
        intended = (history.matched ?? []).union(history.kept)
        items = event.change.rules.map { Item(changed: $0) }
        if event.isNewGroup, let guess = Self.guess(planner) { items.append(guess) }
        // A removal waits twice as long: the event that added the rule may arrive after the event that removed it, and
        // whoever handles that event must be done before the rule is put back.
        settlesAt = event.settle * (event.change.kind.isRemoval ? 2 : 1) - event.age
        if event.change.kind.isRemoval, !history.isConflict {
            for index in items.indices {
                let decision = planner.decide(removed: items[index].changed.rule)
                guard decision.decision == .exempt else { continue }
                items[index].state = .settled(SettledRule(.exempt, decision: decision))
            }
        }
    }

    /// Gives the machine the entries of the prefix lists that the rules name.
    package mutating func know(_ lists: PrefixLists) {
        planner = planner.knowing(lists)
    }

    /// Gives the machine the policy of the moment, by which access that the run adds is judged.
    package mutating func know(today policy: Policy) {
        planner = planner.knowing(today: policy)
    }

    /// The IPv6 egress rule of a new group. EC2 adds it in a VPC with IPv6, and the record does not say whether it did.
    private static func guess(_ planner: RevertPlanner) -> Item? {
        guard let all = CIDRBlock("::/0") else { return nil }
        let traffic = RuleTraffic(ipProtocol: .all, fromPort: nil, toPort: nil, peer: .cidr(all))
        let rule = SecurityGroupRule(direction: .egress, traffic: traffic)
        guard planner.decide(rule).decision == .revert else { return nil }
        return Item(changed: ChangedRule(id: nil, rule: rule, ruleDescription: nil), origin: .guessed)
    }

    /// True if the record cannot be read well enough, so that all rules of the group are looked at.
    package var searchesGroup: Bool {
        event.change.unread != nil && event.change.mayHaveMoreRules && !event.change.kind.isRemoval
    }

    /// True while the run needs another look at EC2.
    package func isOpen(at now: Duration) -> Bool {
        items.contains { $0.settled == nil } || (searchesGroup && (!hasSearched || now < settlesAt))
    }

    /// True while a look would be too early to prove anything.
    package func isTooEarly(at now: Duration) -> Bool {
        event.change.kind.isRemoval && now < settlesAt
    }

    /// The rules that were already gone when the run looked for them.
    package var goneRules: [RuleQuestion] {
        items.filter { $0.origin == .recorded && $0.settled?.outcome == .alreadyGone }.map { item in
            let added = event.tellsAdded ? item.changed.rule : nil
            return RuleQuestion(ruleID: item.changed.strictID, rule: nil, added: added)
        }
    }

    /// Notes that the record contradicts the ledger. The first words are kept.
    package mutating func contradicts(_ words: String) {
        contradiction = contradiction ?? words
    }

    /// The rules to look up next.
    ///
    /// A few rules are looked up by id where every id is known, because one call then serves the rules of many events. Otherwise
    /// all rules of the group are read.
    package var look: Look {
        let open = items.filter { $0.settled == nil }
        let ids = open.compactMap { $0.changed.strictID }
        let isByID = ids.count == open.count && !event.change.kind.isRemoval && !searchesGroup
        return isByID && ids.count <= Self.idsInLook ? .rules(ids) : .group
    }

    /// The largest number of rules that are looked up by id. Beyond it the group is read in one call, while a record that
    /// invents a thousand ids would take five.
    private static let idsInLook = 20

    /// The pause before the next look: half a second at first, then doubling, at most two seconds.
    package mutating func nextPause() -> Duration {
        looks += 1
        return Backoff.doubled(.milliseconds(500), attempt: looks, cap: .seconds(2))
    }
}
