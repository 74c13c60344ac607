import AWSClient
import CloudTrailEvents
import Formats
import Foundation
import Ledger
import SecurityGroups

/// The groups that the policy watches by name or tags: how they stood before a change of their tags counts, too.
extension MessagePipeline {
    /// Judges a change by what its group is now and by what the ledger remembers of it.
    ///
    /// - Parameter context: The change, with the group as EC2 shows it.
    func watch(_ context: ChangeContext, in place: Place, _ run: EventRun) async throws -> WatchAnswer {
        guard run.policy.watchesByNameOrTags else { return run.policy.watch(context) }
        return run.policy.watch(context, remembering: try await remember(context.group, in: place, run))
    }

    /// Looks at the groups whose tags a call changed.
    ///
    /// The ledger learns in this way that a group is watched, and when it stopped to be. Nothing is reverted here.
    func look(at tags: TagChange, _ run: EventRun) async throws {
        let keys = run.policy.namedTagKeys
        guard !keys.isEmpty, tags.keys.isEmpty || !keys.isDisjoint(with: tags.keys),
            let region = run.event.region.flatMap({ AWSRegion($0) })
        else { return }
        let place = Place(account: run.event.account.flatMap { AccountID($0) }, region: region)
        guard territory.covers(place, policy: run.policy, own: identity.account) else { return }
        // EC2 may show the earlier tags for a while.
        try await run.slot.wait(for: revert.unsettledTime(since: run.event.eventTime))
        let ids = tags.groupIDs.compactMap { SecurityGroupID($0) }
        for group in try await revert.groups(ids, in: place, slot: run.slot) {
            guard group.ownerID == nil || place.account == nil || group.ownerID == place.account?.description else {
                continue
            }
            var facts = GroupFacts(
                groupID: group.groupID,
                account: place.account?.description ?? group.ownerID,
                region: region.description
            )
            facts.take(group)
            _ = try await remember(facts, in: place, run)
        }
    }

    private func remember(_ group: GroupFacts, in place: Place, _ run: EventRun) async throws -> [WatchedFacts] {
        guard let groupID = group.groupID else { return [] }
        let actor = run.event.actor
        let sighting = WatchSighting(
            groupID: groupID,
            account: group.account,
            region: place.region.description,
            facts: run.policy.watchedFacts(of: group),
            eventID: run.claim.eventID,
            taggedBy: run.event.tagChange == nil ? nil : actor.arn ?? actor.invokedBy ?? actor.type
        )
        let (policy, notifies) = (run.policy, isNotifying(run.policy))
        return try await writer.write(slot: run.slot) { transaction in
            try transaction.watched(sighting, notifies: notifies) { policy.answers(with: $0, of: group) }
        }
    }
}

extension GroupFacts {
    /// Takes what only EC2 knows of the group.
    mutating func take(_ group: DescribedSecurityGroup) {
        vpcID = group.vpcID ?? ""
        name = group.name ?? ""
        tags = group.tags
        account = account ?? group.ownerID
    }
}
