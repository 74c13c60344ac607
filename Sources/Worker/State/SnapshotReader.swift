import AWSClient
import Foundation
import Ledger
import SecurityGroups

/// Reads the rules of watched groups into the ledger, with at most half of EC2's quota of describe calls.
struct SnapshotReader: Sendable {
    let gateway: SecurityGroupGateway
    let writer: LedgerWriter
    /// The settle time: for so long after an event's run, EC2 may still show the earlier state.
    let settle: Duration
    let clock: WorkerClock
    /// True if there is somewhere to send notifications.
    let isNotifying: @Sendable (Policy) -> Bool

    /// How many groups one transaction remembers.
    private static let groupsPerWrite = 500

    /// The result of reading a place.
    struct Seen: Sendable {
        /// The groups that the policy watches there.
        var groups: Set<SecurityGroupID> = []
        /// The rules that stand in them.
        var rules: Set<SecurityGroupRuleID> = []
        /// How many changes were written.
        var changes = 0
        /// The prefix lists that could not be read, each with the error.
        var unreadLists: [String: String] = [:]
    }

    /// Reads the watched groups of a place.
    ///
    /// - Parameters:
    ///   - only: the groups that are asked for; nil for all that the policy watches.
    ///   - onward: called after each part, such as to renew a lease.
    /// - Throws: The error of EC2 or of the ledger. The rules that were read before the error are kept.
    func read(
        _ place: Place,
        policy: Policy,
        only: [SecurityGroupID]? = nil,
        onward: () async throws -> Void = {}
    ) async throws -> Seen {
        let asked = only ?? policy.namedGroups
        let described = try await gateway.describedGroups(asked, in: place)
        let watched = try await watched(among: described.compactMap(place.facts), in: place, by: policy)
        var seen = Seen(groups: Set(watched.map(\.id)))
        for part in watched.chunks(of: SecurityGroupGateway.groupsPerCall) {
            let readAt = clock.now()
            let rules = try await gateway.rules(ofGroups: part.map(\.id), in: place)
            let needed = policy.prefixLists(neededFor: rules.map(\.rule))
            let (lists, unread) = try await gateway.readablePrefixLists(needed, in: place)
            seen.unreadLists.merge(unread) { $1 }
            let byGroup = Dictionary(grouping: rules, by: \.groupID)
            let looks = part.map { GroupLook(group: $0, rules: byGroup[$0.id] ?? []) }
            seen.changes += try await writer.write { [settle] transaction in
                try looks.reduce(0) { count, look in
                    let diff = try transaction.keep(
                        look,
                        place: place.key,
                        policy: policy,
                        lists: lists,
                        unread: Set(unread.keys),
                        readAt: readAt,
                        settle: settle
                    )
                    return count + diff.count
                }
            }
            seen.rules.formUnion(rules.map(\.id))
            try await onward()
        }
        let (key, shown) = (place.key, Set(described.map(\.groupID)))
        let ids = asked.map { Set($0.map(\.description)) }
        try await writer.write { try $0.keepGoneGroups(place: key, asked: ids, shown: shown) }
        return seen
    }

    /// The groups that the policy watches by what they are now, and by the name and tags that they had until a short time ago.
    private func watched(among groups: [GroupFacts], in place: Place, by policy: Policy) async throws -> [WatchedGroup]
    {
        guard policy.watchesByNameOrTags else { return groups.compactMap { WatchedGroup($0, by: policy) } }
        let (now, notifies) = (clock.now(), isNotifying(policy))
        var watched: [WatchedGroup] = []
        for part in groups.chunks(of: Self.groupsPerWrite) {
            watched += try await writer.write { transaction in
                try part.compactMap { group in
                    let sighting = WatchSighting(
                        groupID: group.groupID ?? "",
                        account: group.account,
                        region: place.region.description,
                        facts: policy.watchedFacts(of: group),
                        eventID: nil
                    )
                    let remembered = try transaction.watched(sighting, notifies: notifies) {
                        policy.answers(with: $0, of: group)
                    }
                    return WatchedGroup(group, by: policy, remembering: remembered, at: now)
                }
            }
        }
        return watched
    }
}

extension WatchedGroup {
    /// A group; nil for one that the policy leaves alone.
    fileprivate init?(
        _ facts: GroupFacts,
        by policy: Policy,
        remembering remembered: [WatchedFacts] = [],
        at now: Date? = nil
    ) {
        guard let id = facts.groupID.flatMap({ SecurityGroupID($0) }) else { return nil }
        self.init(id, facts, by: policy, remembering: remembered, at: now)
    }
}

extension Place {
    /// The facts of a group that EC2 described; nil if the group is of another account.
    fileprivate func facts(of group: DescribedSecurityGroup) -> GroupFacts? {
        if let account = account?.description, let owner = group.ownerID, owner != account { return nil }
        return GroupFacts(
            groupID: group.groupID,
            account: group.ownerID ?? account?.description,
            region: region.description,
            vpcID: group.vpcID ?? "",
            name: group.name ?? "",
            tags: group.tags
        )
    }

    /// The place as the ledger names it.
    fileprivate var key: String { "\(account?.description ?? "-") \(region)" }
}

extension Policy {
    /// The ids of all watched groups, where every entry names its groups; nil where an entry selects them otherwise.
    fileprivate var namedGroups: [SecurityGroupID]? {
        var ids: Set<String> = []
        for entry in watch {
            guard let groups = entry.groups else { return nil }
            ids.formUnion(groups)
        }
        return ids.sorted().compactMap { SecurityGroupID($0) }
    }
}
