/// One entry of a policy's watch list: which groups, and which changes to them.
///
/// All selectors that are given must match; an entry without any matches every group.
package struct Watch: Hashable, Sendable {
    /// The ids of the groups.
    package let groups: Set<String>?
    /// The ids of the VPCs in which the groups are.
    package let vpcs: Set<String>?
    /// Tags that the groups carry, all of them, each with exactly this value.
    package let tags: [String: String]?
    /// The accounts of the groups.
    package let accounts: Set<String>?
    /// The regions of the groups.
    package let regions: Set<String>?
    /// The kinds of change that are judged there; the others are left alone.
    package let changes: Set<ChangeKind>
    /// The setting or the line of the policy that says so, for the audit.
    package let origin: String

    /// An entry; nil selectors do not matter.
    package init(
        groups: Set<String>? = nil,
        vpcs: Set<String>? = nil,
        tags: [String: String]? = nil,
        accounts: Set<String>? = nil,
        regions: Set<String>? = nil,
        changes: Set<ChangeKind> = ChangeKind.watchedByDefault,
        origin: String
    ) {
        self.groups = groups
        self.vpcs = vpcs
        self.tags = tags
        self.accounts = accounts
        self.regions = regions
        self.changes = changes
        self.origin = origin
    }

    /// Whether the entry matches a group.
    enum Match: Hashable {
        case yes
        /// Because of the first of these facts.
        case no(GroupFact)
        /// It does if what is not known says so.
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
        if let tags {
            if let given = group.tags {
                if !tags.allSatisfy({ given[$0] == $1 }) { return .no(.tags) }
            } else {
                unknown.insert(.tags)
            }
        }
        return unknown.isEmpty ? .yes : .unknown(unknown)
    }

    /// Whether every group that `other` matches is matched by this entry too, so that, coming first, it leaves nothing.
    package func covers(_ other: Self) -> Bool {
        func covers(_ mine: Set<String>?, _ theirs: Set<String>?) -> Bool {
            mine.map { mine in theirs?.isSubset(of: mine) ?? false } ?? true
        }
        return covers(groups, other.groups) && covers(vpcs, other.vpcs) && covers(accounts, other.accounts)
            && covers(regions, other.regions)
            && (tags ?? [:]).allSatisfy { other.tags?[$0] == $1 }
    }
}

extension Policy {
    /// Whether a change is judged, and under which entry: the first that matches its group.
    ///
    /// Before an entry whose match depends on unknown facts none can decide, unless all that may decide leave this kind
    /// of change alone.
    package func watch(_ context: ChangeContext) -> WatchAnswer {
        var needs: Set<GroupFact> = []
        var mayWatch = false
        for entry in watch {
            switch entry.match(context.group) {
            case .no: continue
            case .unknown(let facts):
                needs.formUnion(facts)
                mayWatch = mayWatch || entry.changes.contains(context.kind)
            case .yes:
                let watches = entry.changes.contains(context.kind)
                guard needs.isEmpty || (!watches && !mayWatch) else { return .undetermined(needs: needs) }
                return watches ? .watched(entry) : .notWatched
            }
        }
        return mayWatch ? .undetermined(needs: needs) : .notWatched
    }
}
