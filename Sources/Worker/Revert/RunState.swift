import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// How far each rule of a run has come: a value that is told what EC2 shows and says what to do next.
struct RunState {
    /// One rule on its way through the run.
    struct Item {
        /// What the record says of it.
        let changed: ChangedRule
        /// What the policy says of it; of a modified rule not known before it is seen.
        var decision: Decision?
        var outcome: RuleOutcome?
        /// The rule as it stood when we last saw it, before we did anything to it.
        var live: LiveRule?
        /// What was begun.
        var step: RevertStep?
        /// The id of a rule that we put back.
        var putBackID: SecurityGroupRuleID?
        /// When something was first tried that EC2 does not yet show.
        var triedAt: Date?
        /// Whether EC2 accepted it.
        var isAccepted = false
        /// Whether another rule says by now what this one said before.
        var cannotBeRestored = false
        /// Whether no record says that there is such a rule.
        var isGuess = false
    }

    /// A rule about which something is to be done, by its place among the items.
    struct Candidate {
        let index: Int
        /// What stands, or for a removed rule what stood.
        let content: RuleContent
        /// The rule that stands; nil for one that is to be put back.
        let live: LiveRule?
    }

    /// What is to be done now about one rule.
    struct Move {
        let index: Int
        let step: RevertStep
    }

    let watched: WatchedChange
    private let claim: Claim
    private let settle: TimeInterval
    private(set) var items: [Item]
    /// Until when what EC2 shows may be older than the event.
    private let settledAt: Date
    private var looks = 0
    private(set) var requestIDs: [String] = []
    private(set) var lastRevert: Date?
    private(set) var failure: (any Error)?
    /// The ids that this run, and those before it, tried to revert.
    private var intended: Set<SecurityGroupRuleID>
    /// Whether the answer to a call of this run never came, so that it may have had its effect.
    private var hasLostAnswer = false

    init(watched: WatchedChange, claim: Claim, start: Date, settle: Duration) {
        self.watched = watched
        self.claim = claim
        self.settle = settle.seconds
        items = watched.change.rules.map { changed in
            let decision = changed.rule.map(watched.planner.decide)
            return Item(changed: changed, decision: decision, outcome: decision?.decision.settledOutcome)
        }
        if let guess = Self.guess(watched) { items.append(guess) }
        // The record of the call that added a rule may come later than that of its removal. Who put the rule back in between
        // would not know that it must not stand; so this waits until whoever has that record is done with it.
        let patience = settle.seconds * (watched.change.kind.isRemoval ? 2 : 1)
        settledAt = min(watched.event.eventTime ?? start, start).addingTimeInterval(patience)
        intended = Set((claim.matchedRuleIDs ?? []).compactMap { SecurityGroupRuleID($0) })
    }

    /// The second rule that EC2 gives a new group in a VPC with IPv6, as the record does not say either.
    private static func guess(_ watched: WatchedChange) -> Item? {
        guard watched.event.eventName == "CreateSecurityGroup", let all = CIDRBlock("::/0") else { return nil }
        let traffic = RuleTraffic(ipProtocol: .all, fromPort: nil, toPort: nil, peer: .cidr(all))
        let rule = SecurityGroupRule(direction: .egress, traffic: traffic)
        let decision = watched.planner.decide(rule)
        guard decision.decision == .revert else { return nil }
        return Item(
            changed: ChangedRule(id: nil, rule: rule, ruleDescription: nil),
            decision: decision,
            isGuess: true
        )
    }

    /// Whether what EC2 shows now cannot yet be worth a look.
    func isTooEarly(_ now: Date) -> Bool {
        watched.change.kind.isRemoval && now < settledAt
    }

    /// The rules whose outcome is not yet known, as the record has them.
    var open: [ChangedRule] {
        items.filter { $0.outcome == nil }.map(\.changed)
    }

    /// Whether the run says of a rule that it was gone before we came.
    var hasGoneRules: Bool {
        items.contains { $0.outcome == .alreadyGone && !$0.isGuess }
    }

    /// Holds the open rules against what EC2 shows, and answers those about which something is to be done now.
    ///
    /// Missing is not gone while the event is young, and what a rule says may be what it said before: such rules stay open,
    /// to be looked at again, while the others go on.
    mutating func judge(_ live: [LiveRule], now: Date) -> [Candidate] {
        items.indices.compactMap { index in
            guard items[index].outcome == nil else { return nil }
            switch watched.change.kind {
            case .ingressAdded, .egressAdded, .ruleModified: return judgePresent(index, live, now: now)
            case .ingressRemoved, .egressRemoved: return judgeRemoved(index, live, now: now)
            }
        }
    }

    /// A rule that the event added or modified.
    private mutating func judgePresent(_ index: Int, _ live: [LiveRule], now: Date) -> Candidate? {
        let item = items[index]
        switch standing(of: item, among: live, now: now) {
        case .missing where isRevoked(item) || isOurDoing(item.changed):
            reverted(index, now: now)
        case .missing where now >= settledAt || (item.isGuess && live.contains { $0.groupID == watched.groupID }):
            items[index].outcome = .alreadyGone
        case .changed(let rule) where isRestored(item, rule):
            reverted(index, now: now)
        case .changed where now >= settledAt:
            items[index].outcome = .changedSince
        case .missing, .changed:
            break
        case .stands(let rule):
            if isRestored(item, rule) {
                reverted(index, now: now)
                break
            }
            if hasHadItsTime(item, now: now) {
                fail(index, RevertError.stillStands(rule.id))
            } else if !item.isAccepted {
                items[index].live = rule
                return Candidate(index: index, content: rule.content, live: rule)
            }
        }
        return nil
    }

    /// How a rule stands that should be there. One that the event modified is judged by what it says now, but not before what
    /// it says can be trusted to be no older than the event.
    private func standing(of item: Item, among live: [LiveRule], now: Date) -> Standing {
        let matched = claim.matchedRuleIDs == nil ? nil : intended
        let standing = Standing(of: item.changed, in: watched.groupID, among: live, matched: matched)
        guard watched.change.kind == .ruleModified, now >= settledAt, case .changed(let rule) = standing,
            rule.groupID == watched.groupID
        else { return standing }
        return .stands(rule)
    }

    /// A rule that the event removed.
    private mutating func judgeRemoved(_ index: Int, _ live: [LiveRule], now: Date) -> Candidate? {
        let item = items[index]
        guard let rule = item.changed.rule, !isTooEarly(now) else { return nil }
        if let found = live.first(where: { $0.groupID == watched.groupID && $0.rule == rule }) {
            guard item.isAccepted || isOurDoing(item.changed) else {
                items[index].outcome = .changedSince
                return nil
            }
            items[index].putBackID = found.id
            reverted(index, now: now)
        } else if hasHadItsTime(item, now: now) {
            fail(index, RevertError.notPutBack(rule))
        } else if !item.isAccepted {
            let content = RuleContent(
                rule: rule,
                ruleDescription: item.changed.ruleDescription,
                peerOwner: item.changed.peerOwner
            )
            return Candidate(index: index, content: content, live: nil)
        }
        return nil
    }

    /// Takes the plans for `candidates`, and answers what is to be done now.
    mutating func plan(_ candidates: [Candidate], pasts: [RulePast], isDryRun: Bool) -> [Move] {
        zip(candidates, pasts).compactMap { candidate, past in
            let index = candidate.index
            var past = past
            if items[index].cannotBeRestored { past.lastGood = nil }
            let plan =
                candidate.live.map { watched.planner.plan(for: $0, past: past) }
                ?? watched.planner.plan(forRemoved: candidate.content, past: past)
            items[index].decision = plan.decision
            items[index].step = plan.step
            switch plan.step {
            case .nothing(.allowed) where candidate.live != nil && isOurDoing(items[index].changed):
                // What stands now is what an earlier run restored.
                items[index].live = nil
                items[index].outcome = .reverted
            case .nothing(let outcome): items[index].outcome = outcome
            case .revoke, .restore, .authorize:
                guard isDryRun else { return Move(index: index, step: plan.step) }
                items[index].outcome = .reported
            }
            return nil
        }
    }

    /// Takes `moves` as about to be made, and answers the ids of all rules that were ever to be reverted.
    mutating func noteIntent(to moves: [Move]) -> [SecurityGroupRuleID] {
        intended.formUnion(moves.compactMap { items[$0.index].live?.id ?? items[$0.index].changed.strictID })
        return intended.sorted { $0.description < $1.description }
    }

    /// Takes what became of a revoke.
    mutating func note(_ result: Revocation, at index: Int, now: Date) {
        switch result {
        case .revoked(let requestID):
            reverted(index, now: now)
            note(requestID)
        case .stands(let requestID):
            accepted(index, requestID, now: now)
        case .notFound:
            items[index].triedAt = items[index].triedAt ?? now
        }
    }

    /// Takes what became of a rule that was to be put back or restored.
    mutating func note(_ result: Amendment, at index: Int, now: Date) {
        switch result {
        case .done(let id, let requestID):
            if case .authorize = items[index].step { items[index].putBackID = id }
            reverted(index, now: now)
            note(requestID)
        case .accepted(let requestID):
            accepted(index, requestID, now: now)
        case .duplicate:
            if case .restore = items[index].step {
                items[index].cannotBeRestored = true
            } else {
                // Somebody else has put it back.
                items[index].outcome = .changedSince
            }
        case .notFound:
            if case .restore = items[index].step {
                items[index].triedAt = items[index].triedAt ?? now
            } else {
                // The event is old enough: a group that EC2 does not know is gone.
                items[index].outcome = .alreadyGone
            }
        }
    }

    /// How long to wait before the next look: from half a second, doubling, to two seconds.
    mutating func nextPause() -> Duration {
        looks += 1
        return min(.milliseconds(250) * (1 << min(looks, 4)), .seconds(2))
    }

    /// Takes a call as sent, its answer as lost.
    mutating func noteLostAnswer() {
        hasLostAnswer = true
    }

    /// Ends the run with `error`: what is still open has failed.
    mutating func fail(with error: any Error) {
        failure = error
        for index in items.indices where items[index].outcome == nil || items[index].outcome == .alreadyGone {
            items[index].outcome = .failed
        }
    }

    private mutating func fail(_ index: Int, _ error: RevertError) {
        items[index].outcome = .failed
        failure = error
    }

    private mutating func reverted(_ index: Int, now: Date) {
        items[index].outcome = .reverted
        lastRevert = now
    }

    private mutating func accepted(_ index: Int, _ requestID: String?, now: Date) {
        items[index].triedAt = items[index].triedAt ?? now
        items[index].isAccepted = true
        note(requestID)
    }

    private mutating func note(_ requestID: String?) {
        if let requestID { requestIDs.append(requestID) }
    }

    func isRevoked(_ item: Item) -> Bool {
        if case .revoke = item.step { item.isAccepted } else { false }
    }

    private func isRestored(_ item: Item, _ rule: LiveRule) -> Bool {
        if case .restore(_, to: let content) = item.step { rule.rule == content.rule } else { false }
    }

    /// Whether EC2 had the time to show what was tried.
    private func hasHadItsTime(_ item: Item, now: Date) -> Bool {
        item.triedAt.map { now >= $0.addingTimeInterval(settle) } ?? false
    }

    /// Whether a rule that is as it should be was made so by an earlier run of this event: one that recorded it, or one that
    /// was about to and did not live to tell.
    private func isOurDoing(_ changed: ChangedRule) -> Bool {
        if alreadyReverted(changed) != nil { return true }
        guard claim.isTakeover || hasLostAnswer else { return false }
        return changed.strictID.map(intended.contains) ?? !intended.isEmpty
    }

    /// What an earlier run recorded of a rule that it reverted: by id, or by content where the record has no ids, or where the
    /// id is another since the rule was put back.
    func alreadyReverted(_ changed: ChangedRule) -> RuleResult? {
        claim.alreadyReverted.first { result in
            if let id = changed.id, id == result.ruleID { return true }
            guard changed.id == nil || watched.change.kind.isRemoval else { return false }
            return changed.rule.map(result.tells(of:)) ?? false
        }
    }
}

extension RuleResult {
    /// Whether the result is of a rule that says what `rule` says.
    fileprivate func tells(of rule: SecurityGroupRule) -> Bool {
        direction == rule.direction && ipProtocol == rule.ipProtocol.description && fromPort == rule.ports.from
            && toPort == rule.ports.to && source == rule.peer.description
    }
}
