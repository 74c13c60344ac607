import AWSClient
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups

/// The answer to whether a change is to be judged rule by rule.
enum Admission: Sendable {
    /// It is to be judged.
    case watched(WatchedChange)
    /// The event is ignored.
    case ignored(IgnoreReason)
    /// Its group does not exist any more.
    case groupGone
    /// The record does not tell what the event did, for this reason.
    case undecodable(String)
}

extension MessagePipeline {
    /// Finds out whether a change is made by somebody else, is watched, and is known well enough to be judged.
    func admit(_ change: SecurityGroupChange, through gate: Gate, _ run: EventRun) async throws -> Admission {
        let (event, policy) = (run.event, run.policy)
        let mayBeOurs = policy.makes(change.kind) && event.eventName != "CreateSecurityGroup"
        if mayBeOurs, try await isCallOfThisHost(event, run.slot) { return .ignored(.ownChange) }
        var context = gate.context(of: change, by: event)
        var answer = policy.watch(context)
        if case .undetermined = answer, let groupID = gate.groupID {
            guard let facts = try await facts(of: groupID, gate.place, event, run.slot) else { return .groupGone }
            context.group.take(facts)
            answer = try await watch(context, in: gate.place, run)
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
        if mayBeOurs, try await isCallOfTheFleet(event) { return .ignored(.ownChange) }
        // What was removed is not in the group any more, so there is nowhere to look for it.
        if change.kind.isRemoval, change.mayHaveMoreRules, let unread = change.unread { return .undecodable(unread) }
        guard let groupID = gate.groupID else { return .undecodable("the record names no group") }
        let watched = WatchedChange(
            event: event,
            change: change.judgeable,
            groupID: groupID,
            place: gate.place,
            planner: RevertPlanner(policy: policy, watch: watch, context: context, occasion: run.occasion),
            reason: run.reason
        )
        return .watched(watched)
    }

    /// True if the ledger knows the event's call as one of ours.
    private func isCallOfThisHost(_ event: CloudTrailEvent, _ slot: WorkSlot) async throws -> Bool {
        guard let requestID = event.requestID else { return false }
        return try await writer.write(slot: slot) { try $0.isOwnCall(requestID: requestID) }
    }

    /// True if the event's caller is our own role, or if another host of the fleet made the call.
    private func isCallOfTheFleet(_ event: CloudTrailEvent) async throws -> Bool {
        if let issuer = event.actor.issuerARN, identity.isIssuer(issuer) { return true }
        guard let requestID = event.requestID else { return false }
        return try await claims.shared.isOwnCall(requestID)
    }

    /// The group in EC2; nil if it does not exist. A group that was just created may not be visible yet.
    private func facts(
        of groupID: SecurityGroupID,
        _ place: Place,
        _ event: CloudTrailEvent,
        _ slot: WorkSlot
    ) async throws -> DescribedSecurityGroup? {
        let settledAt = clock.instant() + revert.unsettledTime(since: event.eventTime)
        while true {
            if let group = try await revert.group(groupID, in: place, slot: slot) {
                if let account = place.account, let owner = group.ownerID, owner != account.description {
                    throw RevertError.foreignAccount(account, ours: owner)
                }
                return group
            }
            guard clock.instant() < settledAt else { return nil }
            try await slot.wait(for: .seconds(1))
        }
    }
}
