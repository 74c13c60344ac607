import AWSClient
import Ledger
import SecurityGroups

/// Reads the rules of watched groups into the ledger, with at most half of EC2's quota of describe calls.
struct SnapshotReader: Sendable {
    let gateway: SecurityGroupGateway
    let writer: LedgerWriter
    /// For so long after an event's run, EC2 may still show the state before.
    let settle: Duration
    let clock: WorkerClock

    /// How many groups one call asks for.
    private static let groupsPerCall = 100

    /// What a look at a place showed.
    struct Seen: Sendable {
        /// How many groups the policy watches there.
        var groups = 0
        /// The rules that stand in them.
        var rules: Set<SecurityGroupRuleID> = []
        /// How many changes were written.
        var changes = 0
        /// The prefix lists that EC2 refuses to show, each with the refusal.
        var unreadLists: [String: String] = [:]
    }

    /// Reads the watched groups of a place.
    ///
    /// - Parameters:
    ///   - only: the groups that are asked for; nil for all that the policy watches.
    ///   - onward: called after each part, such as to renew a lease.
    /// - Throws: what EC2 or the ledger answered. What was read until then is kept.
    func read(
        _ place: Place,
        policy: Policy,
        only: [SecurityGroupID]? = nil,
        onward: () async throws -> Void = {}
    ) async throws -> Seen {
        let asked = only ?? policy.namedGroups
        let described = try await gateway.describedGroups(asked, in: place)
        let watched = described.compactMap { WatchedGroup($0, in: place, by: policy) }
        var seen = Seen(groups: watched.count)
        for part in watched.chunks(of: Self.groupsPerCall) {
            let readAt = clock.now()
            let rules = try await gateway.rules(ofGroups: part.map(\.id), in: place)
            let needed = policy.prefixLists(neededFor: rules.map(\.rule))
            let (lists, unread) = try await gateway.readablePrefixLists(needed, in: place)
            seen.unreadLists.merge(unread.mapValues(\.description)) { $1 }
            let byGroup = Dictionary(grouping: rules, by: \.groupID)
            let looks = part.map { GroupLook(group: $0, rules: byGroup[$0.id] ?? []) }
            let settle = settle
            seen.changes += try await writer.write { transaction in
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
                    return count + diff.appeared.count + diff.vanished.count + diff.updated.count
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
}

extension WatchedGroup {
    /// A described group; nil for one of another account, and for one that the policy leaves alone.
    fileprivate init?(_ group: DescribedSecurityGroup, in place: Place, by policy: Policy) {
        guard let id = SecurityGroupID(group.groupID) else { return nil }
        if let account = place.account?.description, let owner = group.ownerID, owner != account { return nil }
        let facts = GroupFacts(
            groupID: group.groupID,
            account: group.ownerID ?? place.account?.description,
            region: place.region.description,
            vpcID: group.vpcID ?? "",
            name: group.name ?? "",
            tags: group.tags
        )
        self.init(id, facts, by: policy)
    }
}

extension Place {
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
