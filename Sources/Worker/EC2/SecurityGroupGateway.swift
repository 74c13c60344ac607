import AWSClient
import SecurityGroups
import Synchronization

/// Looks at groups and rules in EC2, and changes rules. Looks are gathered while a call for the same place is under
/// way, and revokes as EC2's buckets require.
struct SecurityGroupGateway: Sendable {
    let clients: EC2Clients
    let quota: CallQuota
    private let looks: Coalescer<Place, SecurityGroupRuleID, Look>
    let groupLooks: Coalescer<Place, SecurityGroupID, Look>
    private let groups: Coalescer<Place, SecurityGroupID, DescribedSecurityGroup?>
    private let desks: RevokeDesks
    private let lists: PrefixListCache

    /// - Parameters:
    ///   - roles: The sessions for other accounts; nil to use the worker's own credentials everywhere.
    ///   - approvals: Returns when a person approved rules of a group, for those that have such an approval.
    ///   - isDraining: True while the queue has more messages; nil if that is not known.
    init(
        session: AWSSession,
        roles: AccountRoles? = nil,
        clock: WorkerClock = .system,
        approvals: @escaping RevokeCall.Approvals = { _, _ in [:] },
        isDraining: @escaping @Sendable () -> Bool? = { nil }
    ) {
        let clients = EC2Clients(session: session, roles: roles)
        let quota = CallQuota(clock: clock)
        self.clients = clients
        self.quota = quota
        let looks = Coalescer<Place, SecurityGroupRuleID, Look>(limit: 200) { place, ids in
            try await quota.spending(.looks(place)) { try await Self.look(at: ids, in: place, clients: clients) }
        }
        self.looks = looks
        // Many events of few groups may wait, so more of them go in one call than it names groups.
        groupLooks = Coalescer(limit: 1000) { place, ids in
            try await quota.spending(.looks(place)) {
                try await Self.look(intoGroups: ids, in: place, clients: clients)
            }
        }
        lists = PrefixListCache(clock: clock) { id, place in
            try await quota.spending(CallQuota.Key(place: place, action: "GetManagedPrefixListEntries")) {
                try await clients.client(in: place).getManagedPrefixListEntries(prefixListID: id)
            }
        }
        groups = Coalescer(limit: 200) { place, ids in
            try await quota.spending(CallQuota.Key(place: place, action: "DescribeSecurityGroups")) {
                try await Self.look(atGroups: ids, in: place, clients: clients)
            }
        }
        desks = RevokeDesks(clients: clients, quota: quota, looks: looks, approvals, isDraining: isDraining)
    }

    /// The rules with these ids that stand, of any group.
    func rules(_ ids: [SecurityGroupRuleID], in place: Place) async throws -> Look {
        let looks = try await looks.submit(ids, for: place)
        return Look(rules: looks.flatMap(\.rules), requestIDs: looks.flatMap(\.requestIDs).uniqued())
    }

    /// Every rule of a group; none if the group does not exist.
    func rules(of group: SecurityGroupID, in place: Place) async throws -> Look {
        try await groupLooks.submit([group], for: place).first ?? Look(rules: [], requestIDs: [])
    }

    /// True if a revoke would wait for other work, or for EC2's bucket.
    func isBusy(_ direction: Direction, in place: Place) -> Bool {
        desks[place, direction].isBusy
    }

    /// Revokes rules of a group by id, and confirms it.
    ///
    /// - Parameter since: The time since which the revoke has waited; nil for one that was not in the line before.
    func revoke(
        _ rules: [SeenRule],
        of group: SecurityGroupID,
        _ direction: Direction,
        in place: Place,
        since: ContinuousClock.Instant? = nil
    ) async throws -> [Revocation] {
        let group = RevokeGroup(id: group, direction: direction)
        return try await desks[place, direction].submit(rules, for: group, since: since)
    }

    /// The group with its VPC, name and tags, which only EC2 tells; nil if it does not exist.
    func group(_ id: SecurityGroupID, in place: Place) async throws -> DescribedSecurityGroup? {
        try await groups.submit([id], for: place)[0]
    }

    /// The groups of these ids that EC2 shows.
    func groups(_ ids: [SecurityGroupID], in place: Place) async throws -> [DescribedSecurityGroup] {
        try await groups.submit(ids, for: place).compactMap(\.self)
    }

    /// The entries of these prefix lists, which may be a minute old.
    func prefixLists(_ ids: Set<String>, in place: Place) async throws -> PrefixLists {
        try await lists.lists(ids, in: place)
    }

    /// Forgets the entries of prefix lists, one of which has changed.
    func forgetPrefixLists() {
        lists.forget()
    }

    private static func look(
        atGroups ids: [SecurityGroupID],
        in place: Place,
        clients: EC2Clients
    ) async throws -> [DescribedSecurityGroup?] {
        let ec2 = try clients.client(in: place)
        var found: [String: DescribedSecurityGroup] = [:]
        for chunk in ids.uniqued().chunks(of: 200) {
            let filter = EC2Filter(name: "group-id", values: chunk.map(\.description))
            for group in try await ec2.describeSecurityGroups(filters: [filter]) { found[group.groupID] = group }
        }
        return ids.map { found[$0.description] }
    }

    private static func look(
        intoGroups ids: [SecurityGroupID],
        in place: Place,
        clients: EC2Clients
    ) async throws -> [Look] {
        let ec2 = try clients.client(in: place)
        var found: [SecurityGroupID: [LiveRule]] = [:]
        var requestIDs: [String] = []
        for chunk in ids.uniqued().chunks(of: groupsPerCall) {
            let filter = EC2Filter(name: "group-id", values: chunk.map(\.description))
            let rules = try await ec2.describeSecurityGroupRules(filters: [filter]) { requestIDs.append($0) }
            for rule in rules.compactMap(LiveRule.init) { found[rule.groupID, default: []].append(rule) }
        }
        return ids.map { Look(rules: found[$0] ?? [], requestIDs: requestIDs) }
    }

    /// Uses the filter, which returns the rules that stand. The parameter `SecurityGroupRuleIds` fails for a rule that
    /// is gone.
    private static func look(
        at ids: [SecurityGroupRuleID],
        in place: Place,
        clients: EC2Clients
    ) async throws -> [Look] {
        let ec2 = try clients.client(in: place)
        var found: [SecurityGroupRuleID: LiveRule] = [:]
        var requestIDs: [String] = []
        for chunk in ids.chunks(of: 200) {
            let filter = EC2Filter(name: "security-group-rule-id", values: chunk.map(\.description))
            let rules = try await ec2.describeSecurityGroupRules(filters: [filter]) { requestIDs.append($0) }
            for rule in rules.compactMap(LiveRule.init) {
                found[rule.id] = rule
            }
        }
        return ids.map { Look(rules: found[$0].map { [$0] } ?? [], requestIDs: requestIDs) }
    }
}

/// The call desk of each bucket, made when it is first needed.
private final class RevokeDesks: Sendable {
    typealias Desk = RevokeCall.Desk

    private struct Key: Hashable {
        let place: Place
        let direction: Direction
    }

    private let clients: EC2Clients
    private let quota: CallQuota
    private let looks: Coalescer<Place, SecurityGroupRuleID, Look>
    private let approvals: RevokeCall.Approvals
    private let isDraining: @Sendable () -> Bool?
    private let desks = Mutex<[Key: Desk]>([:])

    init(
        clients: EC2Clients,
        quota: CallQuota,
        looks: Coalescer<Place, SecurityGroupRuleID, Look>,
        _ approvals: @escaping RevokeCall.Approvals,
        isDraining: @escaping @Sendable () -> Bool?
    ) {
        self.clients = clients
        self.quota = quota
        self.looks = looks
        self.approvals = approvals
        self.isDraining = isDraining
    }

    subscript(place: Place, direction: Direction) -> Desk {
        desks.withLock { desks in
            let key = Key(place: place, direction: direction)
            if let desk = desks[key] { return desk }
            let desk = make(place, direction)
            desks[key] = desk
            return desk
        }
    }

    private func make(_ place: Place, _ direction: Direction) -> Desk {
        CallDesk(
            key: CallQuota.Key(place: place, action: "RevokeSecurityGroup\(direction.actionSuffix)"),
            quota: quota,
            limit: 200,
            isDraining: isDraining,
            weight: \.rule.width,
            wasSent: { !$0.isOutdated }
        ) { [clients, looks, quota, approvals] group, work in
            let call = RevokeCall(
                ec2: try clients.client(in: place),
                group: group,
                look: { try await looks.submit($0, for: place).flatMap(\.rules) },
                approvals: approvals
            )
            return try await call(work, by: quota.clock)
        }
    }
}

extension CallQuota.Key {
    /// Looks at rules.
    static func looks(_ place: Place) -> Self { Self(place: place, action: "DescribeSecurityGroupRules") }
}
