/// One entry of a policy's watch list: which groups, and which changes to them.
///
/// A group matches if it meets every selector that is given. An entry without selectors matches every group.
package struct Watch: Hashable, Sendable {
    /// The ids of the groups.
    package var groups: Set<String>?
    /// The names of the groups.
    package let names: [Wildcard]?
    /// The ids of the VPCs in which the groups are.
    package let vpcs: Set<String>?
    /// The tags that the groups carry. A group must have all of them, each with a value that matches.
    package let tags: [String: Wildcard]?
    /// The accounts of the groups.
    package let accounts: Set<String>?
    /// The regions of the groups.
    package let regions: Set<String>?
    /// The kinds of change that are judged. Other kinds are left alone.
    package let changes: Set<ChangeKind>
    /// The action against a rule that must not stand.
    package let action: Action
    /// The treatment of rules that stood when the group was first seen.
    package let baseline: Baseline
    /// The setting or the line of the policy that holds the entry, for the audit.
    package let origin: String

    /// The action against a rule that must not stand.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// It is reverted.
        case revert
        /// It is recorded and people are told, and nothing is changed.
        case report
    }

    /// The treatment of rules that stood when a group was first seen.
    package enum Baseline: String, Hashable, Sendable, CaseIterable {
        /// They may stand.
        case firstSight = "first-sight"
        /// They may stand only if an allow entry covers them.
        case policy
    }

    /// Creates an entry. A nil selector matches every group.
    package init(
        groups: Set<String>? = nil,
        names: [Wildcard]? = nil,
        vpcs: Set<String>? = nil,
        tags: [String: Wildcard]? = nil,
        accounts: Set<String>? = nil,
        regions: Set<String>? = nil,
        changes: Set<ChangeKind> = ChangeKind.watchedByDefault,
        action: Action = .revert,
        baseline: Baseline = .firstSight,
        origin: String
    ) {
        self.groups = groups
        self.names = names
        self.vpcs = vpcs
        self.tags = tags
        self.accounts = accounts
        self.regions = regions
        self.changes = changes
        self.action = action
        self.baseline = baseline
        self.origin = origin
    }

    /// The result of comparing an entry with a group.
    enum Match: Hashable {
        case yes
        /// It does not match, because of this fact.
        case no(GroupFact)
        /// The answer depends on these facts, which are not known.
        case unknown(Set<GroupFact>)
    }

    func match(_ group: GroupFacts) -> Match {
        var unknown: Set<GroupFact> = []
        let lists: [(Set<String>?, String?, GroupFact)] = [
            (groups, group.groupID, .group), (accounts, group.account, .account), (regions, group.region, .region),
            (vpcs, group.vpcID, .vpc),
        ]
        for case (let wanted?, let fact, let name) in lists {
            guard let fact else {
                unknown.insert(name)
                continue
            }
            if !wanted.contains(fact) { return .no(name) }
        }
        if let names {
            if let name = group.name {
                if !names.contains(where: { $0.matches(name) }) { return .no(.name) }
            } else {
                unknown.insert(.name)
            }
        }
        if let tags {
            if let given = group.tags {
                if !tags.allSatisfy({ key, value in given[key].map(value.matches) ?? false }) { return .no(.tags) }
            } else {
                unknown.insert(.tags)
            }
        }
        return unknown.isEmpty ? .yes : .unknown(unknown)
    }

    /// True if this entry matches every group that `other` matches, so that `other` after it can never decide.
    package func covers(_ other: Self) -> Bool {
        func covers(_ mine: Set<String>?, _ theirs: Set<String>?) -> Bool {
            mine.map { mine in theirs?.isSubset(of: mine) ?? false } ?? true
        }
        return covers(groups, other.groups) && covers(vpcs, other.vpcs) && covers(accounts, other.accounts)
            && covers(regions, other.regions)
            && (names.map { mine in other.names?.allSatisfy { Self.covers(mine, $0) } ?? false } ?? true)
            && (tags ?? [:]).allSatisfy { key, value in other.tags?[key].map { Self.covers([value], $0) } ?? false }
    }

    /// True if one of the patterns matches every text that `other` matches, as far as a simple comparison can tell.
    private static func covers(_ patterns: [Wildcard], _ other: Wildcard) -> Bool {
        patterns.contains { $0 == other || $0.isEverything || (other.isLiteral && $0.matches(other.description)) }
    }

    /// True if a modified rule of this direction is judged: the directions whose additions the entry watches, and both
    /// if it watches none.
    func judgesModified(_ direction: Direction) -> Bool {
        let added = changes.intersection(Direction.allCases.map(\.added))
        return added.isEmpty || added.contains(direction.added)
    }

    /// True if the entry has no selector, so that it matches every group.
    package var matchesEveryGroup: Bool {
        groups == nil && names == nil && vpcs == nil && tags == nil && accounts == nil && regions == nil
    }
}
