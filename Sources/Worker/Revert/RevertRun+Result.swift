import AWSClient
import Foundation
import Ledger
import SecurityGroups

extension RevertRun.Call {
    /// The result of the run, for the ledger.
    func result() -> RunResult {
        if machine.foundNothing, failure == nil {
            return RunResult(
                outcome: .deadLettered,
                reason: "undecodable",
                calls: calls.calls,
                errorMessage: watched.change.unread,
                isDryRun: run.isDryRun
            )
        }
        let reports = machine.reports
        var result = RunResult(
            outcome: machine.outcome,
            reason: reason,
            rules: reports.compactMap(ruleResult),
            exposedMilliseconds: exposed,
            awsRequestID: requestIDs.last,
            ownRequestIDs: requestIDs.uniqued(),
            calls: calls.calls,
            errorCode: (failure as? AWSServiceError)?.code,
            errorMessage: failure.map { "\($0)" },
            isDryRun: run.isDryRun
        )
        // An entry that only reports is there for people to be told.
        result.notify = machine.outcome == .reported && watched.planner.watch.action == .report
        result.sightings = reports.compactMap(sighting)
        result.lending = watched.planner.policy.lending
        result.notBefore = reports.compactMap(\.notBefore).min()
        return result
    }

    private var reason: String? {
        if let contradiction = machine.contradiction { return "conflict: \(contradiction)" }
        if machine.isConflict { return "conflict: the ledger knows this event id with other content" }
        if let reason = watched.reason { return reason }
        return watched.change.unread.map { "what the record does not tell was looked for in the group: \($0)" }
    }

    private var exposed: Int64? {
        guard let end = machine.lastRevert, let age = ageAtStart else { return nil }
        return Int64(max(age + end.seconds, 0) * 1000)
    }

    private func ruleResult(_ report: RuleReport) -> RuleResult? {
        if report.isFromEarlierRun, let earlier = alreadyReverted(report) { return earlier }
        // A rule known by id alone that EC2 never showed has no content to record, but it counts.
        guard let rule = report.rule else { return nil }
        let undo = report.outcome == .reverted && rule.peer.isKnown ? report.reversal : nil
        return RuleResult(
            ruleID: report.ruleID?.description,
            isNamed: report.isNamed,
            groupID: watched.groupID.description,
            direction: rule.direction,
            ipProtocol: rule.ipProtocol.description,
            fromPort: rule.ports.from,
            toPort: rule.ports.to,
            source: rule.peer.description,
            description: report.ruleDescription,
            decision: report.decision?.decision,
            reason: report.decision?.reason,
            outcome: report.outcome,
            undo: undo.map { undoCommand(for: $0, region: watched.place.region.description) }
        )
    }

    private func alreadyReverted(_ report: RuleReport) -> RuleResult? {
        claim.alreadyReverted.first { earlier in
            if let id = report.ruleID?.description, id == earlier.ruleID { return true }
            guard report.ruleID == nil || watched.change.kind.isRemoval else { return false }
            return report.rule != nil && report.rule == earlier.rule
        }
    }

    /// The sighting of a rule for the ledger. Nil for a rule that is gone and that the ledger never saw.
    private func sighting(_ report: RuleReport) -> RuleSighting? {
        guard let id = report.standing?.id ?? report.ruleID, report.standing != nil || report.isGone else { return nil }
        if report.standing == nil, !machine.history.mayKnowRules { return nil }
        var sighting = RuleSighting(
            account: report.standing?.ownerID ?? watched.place.account?.description,
            region: watched.place.region.description,
            groupID: watched.groupID,
            ruleID: id,
            content: report.standing?.content,
            approval: report.approval,
            added: report.added
        )
        let isForbidden = report.decision?.decision == .revert && report.outcome != .changedSince
        if isForbidden, !watched.change.kind.isRemoval { sighting.forbidden = report.rule }
        if watched.planner.occasion != .record { sighting.knownBy = .sweep }
        return sighting
    }
}

extension RuleResult {
    /// The content of the rule.
    var rule: SecurityGroupRule? {
        guard let ipProtocol = IPProtocol(ipProtocol) else { return nil }
        return SecurityGroupRule(
            direction: direction,
            ipProtocol: ipProtocol,
            fromPort: fromPort,
            toPort: toPort,
            peer: Peer(source)
        )
    }
}
