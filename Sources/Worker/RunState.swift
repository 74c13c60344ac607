import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// How far each rule of a run has come: a value that is told what EC2 shows and says what to do next.
struct RunState {
    /// One rule on its way through the run.
    struct Item {
        let added: ChangedRule
        /// What the record says that was added.
        let rule: SecurityGroupRule
        let decision: Decision
        var outcome: RuleOutcome?
        /// The rule as it stood when we last saw it.
        var live: LiveRule?
        /// When a revoke was first tried that EC2 does not yet show.
        var triedAt: Date?
        /// Whether EC2 accepted one.
        var isAccepted = false
    }

    private let watched: WatchedChange
    private let claim: Claim
    private let settle: TimeInterval
    private var items: [Item]
    /// Until when a rule that EC2 does not show may still be on its way.
    private let settledAt: Date
    private var looks = 0
    private var requestIDs: [String] = []
    private var lastRevoke: Date?
    private var failure: (any Error)?
    /// The ids that this run, and those before it, tried to revoke.
    private var intended: Set<SecurityGroupRuleID>
    /// Whether the answer to a revoke of this run never came, so that it may have had its effect.
    private var hasLostAnswer = false

    init(watched: WatchedChange, claim: Claim, policy: Policy, start: Date, settle: Duration) {
        self.watched = watched
        self.claim = claim
        self.settle = settle.seconds
        items = watched.change.rules.compactMap { added in
            guard let rule = added.rule else { return nil }
            let decision = policy.decide(rule, watched.context, under: watched.watch)
            return Item(added: added, rule: rule, decision: decision, outcome: decision.decision.settledOutcome)
        }
        settledAt = min(watched.event.eventTime ?? start, start).addingTimeInterval(settle.seconds)
        intended = Set((claim.matchedRuleIDs ?? []).compactMap { SecurityGroupRuleID($0) })
    }

    /// The rules whose outcome is not yet known.
    var open: [Item] {
        items.filter { $0.outcome == nil }
    }

    /// Whether the run says of a rule that it was gone before we came.
    var hasGoneRules: Bool {
        items.contains { $0.outcome == .alreadyGone }
    }

    /// Holds the open rules against what EC2 shows, and answers those that are to be revoked now.
    ///
    /// Missing is not gone while the event is young, and changed may be the old content of a rule just modified: such rules
    /// stay open, to be looked at again, while the others go on.
    mutating func judge(_ live: [LiveRule], now: Date, isDryRun: Bool) -> [LiveRule] {
        let matched = claim.matchedRuleIDs == nil ? nil : intended
        var toRevoke: [LiveRule] = []
        for index in items.indices where items[index].outcome == nil {
            let isYoung = now < settledAt
            switch Standing(of: items[index].added, in: watched.groupID, among: live, matched: matched) {
            case .missing where items[index].isAccepted || isOurDoing(items[index].added):
                items[index].outcome = .reverted
                lastRevoke = now
            case .missing where !isYoung:
                items[index].outcome = .alreadyGone
            case .changed where !isYoung:
                items[index].outcome = .changedSince
            case .missing, .changed:
                break
            case .stands(let rule):
                items[index].live = rule
                if isDryRun {
                    items[index].outcome = .reported
                } else if let triedAt = items[index].triedAt, now >= triedAt.addingTimeInterval(settle) {
                    items[index].outcome = .failed
                    failure = RevertError.stillStands(rule.id)
                } else if !items[index].isAccepted {
                    toRevoke.append(rule)
                }
            }
        }
        return toRevoke
    }

    /// Takes `rules` as about to be revoked, and answers all ids that were ever tried.
    mutating func noteIntent(to rules: [LiveRule]) -> [SecurityGroupRuleID] {
        intended.formUnion(rules.map(\.id))
        return intended.sorted { $0.description < $1.description }
    }

    /// Takes what became of the revokes of `rules`.
    mutating func note(_ results: [Revocation], for rules: [LiveRule], now: Date) {
        let byID = Dictionary(zip(rules.map(\.id), results)) { first, _ in first }
        for index in items.indices where items[index].outcome == nil {
            guard let id = items[index].live?.id, let result = byID[id] else { continue }
            switch result {
            case .revoked(let requestID):
                items[index].outcome = .reverted
                lastRevoke = now
                if let requestID { requestIDs.append(requestID) }
            case .stands(let requestID):
                items[index].triedAt = items[index].triedAt ?? now
                items[index].isAccepted = true
                if let requestID { requestIDs.append(requestID) }
            case .notFound:
                items[index].triedAt = items[index].triedAt ?? now
            }
        }
    }

    /// How long to wait before the next look: from half a second, doubling, to two seconds.
    mutating func nextPause() -> Duration {
        looks += 1
        return min(.milliseconds(250) * (1 << min(looks, 4)), .seconds(2))
    }

    /// Takes a revoke as sent, its answer as lost.
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

    /// Whether a rule that is missing was revoked by an earlier run of this event: one that recorded it, or one that was
    /// about to and did not live to tell.
    private func isOurDoing(_ rule: ChangedRule) -> Bool {
        if alreadyReverted(rule) != nil { return true }
        guard claim.isTakeover || hasLostAnswer else { return false }
        return rule.strictID.map(intended.contains) ?? !intended.isEmpty
    }

    /// What an earlier run recorded of a rule that it reverted: by id, or by content where the record has no ids.
    private func alreadyReverted(_ added: ChangedRule) -> RuleResult? {
        claim.alreadyReverted.first { result in
            added.id.map { $0 == result.ruleID } ?? added.rule.map(result.tells(of:)) ?? false
        }
    }

    /// The run as the ledger records it.
    func result(isDryRun: Bool) -> RunResult {
        let rules = items.map(ruleResult)
        let exposed = lastRevoke.flatMap { end in
            watched.event.eventTime.map { Int64(max(end.timeIntervalSince($0), 0) * 1000) }
        }
        return RunResult(
            outcome: EventOutcome(of: rules.map(\.outcome)),
            rules: rules,
            exposedMilliseconds: exposed,
            awsRequestID: requestIDs.last,
            ownRequestIDs: requestIDs.uniqued(),
            errorCode: (failure as? AWSServiceError)?.code,
            errorMessage: failure.map { "\($0)" },
            isDryRun: isDryRun
        )
    }

    private func ruleResult(_ item: Item) -> RuleResult {
        if item.outcome == .reverted, item.live == nil, let earlier = alreadyReverted(item.added) { return earlier }
        let rule = item.live?.rule ?? item.rule
        let ruleDescription = item.live?.ruleDescription ?? item.added.ruleDescription
        let id = item.live?.id ?? item.added.strictID
        let outcome = item.outcome ?? .failed
        var undo: String?
        if outcome == .reverted, let id {
            let stood = LiveRule(id: id, groupID: watched.groupID, rule: rule, ruleDescription: ruleDescription)
            undo = undoCommand(for: stood, region: watched.place.region.description)
        }
        return RuleResult(
            ruleID: id?.description,
            groupID: watched.groupID.description,
            direction: rule.direction,
            ipProtocol: rule.ipProtocol.description,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            source: rule.peer.description,
            description: ruleDescription,
            decision: item.decision.decision,
            reason: item.decision.reason,
            outcome: outcome,
            undo: undo
        )
    }
}

extension RuleResult {
    /// Whether the result is of a rule that says what `rule` says.
    fileprivate func tells(of rule: SecurityGroupRule) -> Bool {
        direction == rule.direction && ipProtocol == rule.ipProtocol.description && fromPort == rule.ports.from
            && toPort == rule.ports.to && source == rule.peer.description
    }
}

extension RuleDecision {
    /// The outcome of a rule that needs no look, or nil for one that must go.
    fileprivate var settledOutcome: RuleOutcome? {
        switch self {
        case .revert: nil
        case .allow: .allowed
        case .exempt: .exempt
        }
    }
}
