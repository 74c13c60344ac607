import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// Whether a change is to be judged rule by rule.
enum Admission: Sendable {
    /// It is.
    case watched(WatchedChange)
    /// It is none of our business.
    case ignored(IgnoreReason)
    /// Its group does not exist any more.
    case groupGone
    /// What it did cannot be told from its record, for this reason.
    case undecodable(String)
}

extension MessagePipeline {
    /// Finds out whether a change is ours, watched, and known well enough to be judged by `policy`.
    func admit(
        _ change: SecurityGroupChange,
        by event: CloudTrailEvent,
        through gate: Gate,
        policy: Policy,
        claim: Claim
    ) async throws -> Admission {
        let mayBeOurs = policy.makes(change.kind) && event.eventName != "CreateSecurityGroup"
        if mayBeOurs, let requestID = event.requestID,
            try await writer.write({ try $0.isOwnCall(requestID: requestID) })
        {
            return .ignored(.ownChange)
        }
        var context = gate.context(of: change, by: event)
        var answer = policy.watch(context)
        if case .undetermined = answer, let groupID = gate.groupID {
            guard let facts = try await facts(of: groupID, gate.place, event) else { return .groupGone }
            context.group.vpcID = facts.vpcID ?? ""
            context.group.name = facts.name ?? ""
            context.group.tags = facts.tags
            context.group.account = context.group.account ?? facts.ownerID
            answer = policy.watch(context)
        }
        let watch: Watch
        switch answer {
        case .notWatched:
            return .ignored(.notWatched)
        case .undetermined(let needs):
            let names = needs.map(\.rawValue).sorted().joined(separator: ", ")
            return .undecodable("the policy needs the group's \(names), which the record does not tell")
        case .watched(let entry):
            watch = entry
        }
        if mayBeOurs, let issuer = event.actor.issuerARN,
            identity.role?.isIssuer(issuer) == true
        {
            return .ignored(.ownChange)
        }
        if let unread = change.unread { return .undecodable(unread) }
        guard let groupID = gate.groupID else { return .undecodable("the record names no group") }
        let known = try await change.filled(from: writer, in: groupID, before: claim.eventID, at: event.eventTime)
        if let problem = known.rules.lazy.compactMap({ $0.problem(in: change.kind) }).first {
            return .undecodable(problem)
        }
        let watched = WatchedChange(
            event: event,
            change: known,
            groupID: groupID,
            place: gate.place,
            planner: RevertPlanner(policy: policy, watch: watch, context: context)
        )
        return .watched(watched)
    }

    /// What EC2 says of a group; nil where it has none. One that was just made may be on its way.
    private func facts(
        of groupID: SecurityGroupID,
        _ place: Place,
        _ event: CloudTrailEvent
    ) async throws -> DescribedSecurityGroup? {
        let settledAt = min(event.eventTime ?? clock.now(), clock.now()).addingTimeInterval(revert.settle.seconds)
        while true {
            if let group = try await revert.group(groupID, in: place) {
                if let account = place.account, let owner = group.ownerID, owner != account.description {
                    throw RevertError.foreignAccount(account, ours: owner)
                }
                return group
            }
            guard clock.now() < settledAt else { return nil }
            try await clock.sleep(.seconds(1))
        }
    }
}

extension SecurityGroupChange {
    /// The change with what the ledger knows of removed rules that the record names by id alone, or whose description it
    /// leaves out.
    fileprivate func filled(
        from writer: LedgerWriter,
        in groupID: SecurityGroupID,
        before eventID: String,
        at eventTime: Date?
    ) async throws -> Self {
        guard kind.isRemoval else { return self }
        let rules = self.rules
        let filled = try await writer.write { transaction in
            try rules.map { rule in
                guard let id = rule.id, rule.rule == nil || rule.ruleDescription == nil,
                    let content = try transaction.lastContent(
                        ofRule: id,
                        in: groupID.description,
                        before: eventID,
                        at: eventTime
                    )
                else { return rule }
                return ChangedRule(
                    id: id,
                    direction: rule.direction ?? content.rule.direction,
                    traffic: rule.traffic ?? content.rule.traffic,
                    ruleDescription: rule.ruleDescription ?? content.ruleDescription,
                    peerOwner: rule.peerOwner
                )
            }
        }
        return SecurityGroupChange(kind: kind, groupID: self.groupID, rules: filled, unread: unread)
    }
}

extension ChangedRule {
    /// Why a rule cannot be held against what EC2 shows; nil if it can.
    fileprivate func problem(in kind: ChangeKind) -> String? {
        if case .groupName = traffic?.peer, id == nil || kind.isRemoval {
            return "a rule without id names its source group by name, which EC2 never shows"
        }
        if kind.isRemoval, rule == nil {
            return "the record names the removed rule \(id ?? "") by id alone, and the ledger never saw what it said"
        }
        return nil
    }
}
