import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

extension RunState {
    /// The run as the ledger records it.
    func result(isDryRun: Bool) -> RunResult {
        let items = items.filter { !$0.isGuess || $0.outcome != .alreadyGone }
        let rules = items.compactMap(ruleResult)
        let exposed = lastRevert.flatMap { end in
            watched.event.eventTime.map { Int64(max(end.timeIntervalSince($0), 0) * 1000) }
        }
        // A rule that the record knows by id alone, and that was never seen, cannot be told of; but it counts.
        return RunResult(
            outcome: EventOutcome(of: items.map { $0.outcome ?? .failed }),
            rules: rules,
            exposedMilliseconds: exposed,
            awsRequestID: requestIDs.last,
            ownRequestIDs: requestIDs.uniqued(),
            errorCode: (failure as? AWSServiceError)?.code,
            errorMessage: failure.map { "\($0)" },
            isDryRun: isDryRun
        )
    }

    private func ruleResult(_ item: Item) -> RuleResult? {
        if item.outcome == .reverted, item.live == nil, item.putBackID == nil,
            let earlier = alreadyReverted(item.changed)
        {
            return earlier
        }
        guard let rule = item.live?.rule ?? item.changed.rule ?? item.changed.guessedRule else { return nil }
        let ruleDescription = item.live?.ruleDescription ?? item.changed.ruleDescription
        let outcome = item.outcome ?? .failed
        let id = item.putBackID ?? item.live?.id ?? item.changed.strictID
        return RuleResult(
            ruleID: id?.description,
            groupID: watched.groupID.description,
            direction: rule.direction,
            ipProtocol: rule.ipProtocol.description,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            source: rule.peer.description,
            description: ruleDescription,
            decision: item.decision?.decision,
            reason: item.decision?.reason,
            outcome: outcome,
            undo: outcome == .reverted
                ? reversal(of: item, rule).map { undoCommand(for: $0, region: watched.place.region.description) } : nil
        )
    }

    /// What was done to the rule: by this run, or by one before it that did not live to tell.
    private func reversal(of item: Item, _ rule: SecurityGroupRule) -> Reversal? {
        if let id = item.putBackID { return .putBack(id, rule.direction, watched.groupID) }
        switch item.step {
        case .restore: return item.live.map(Reversal.restored)
        case .nothing, .authorize: return nil
        case .revoke, nil: break
        }
        if let live = item.live { return .revoked(live) }
        guard let id = item.changed.strictID else { return nil }
        let stood = LiveRule(
            id: id,
            groupID: watched.groupID,
            rule: rule,
            ruleDescription: item.changed.ruleDescription,
            peerOwner: item.changed.peerOwner
        )
        return .revoked(stood)
    }
}

extension ChangedRule {
    /// The rule of a modification that was never seen, taken for ingress: nearly all are.
    fileprivate var guessedRule: SecurityGroupRule? {
        traffic.map { SecurityGroupRule(direction: direction ?? .ingress, traffic: $0) }
    }
}
