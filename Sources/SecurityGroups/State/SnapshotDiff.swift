package import FoundationEssentials

/// The origin of what the ledger knows of a standing rule. The raw values are those of the view `standing_rules`.
package enum KnownBy: String, Hashable, Sendable, CaseIterable {
    /// The rule stood when its group was first seen.
    case baseline
    /// The record of an event named it.
    case event
    /// A look at the group found it, and no record named it.
    case sweep
    /// A person approved it.
    case approved
}

/// One content of one rule, as the ledger knows it.
package struct KnownRule: Hashable, Sendable {
    /// The rule's id.
    package let id: SecurityGroupRuleID
    /// The rule's content.
    package let content: RuleContent
    /// The origin of the row.
    package let knownBy: KnownBy
    /// The reason why it may stand; nil if there is none.
    package let approvedBy: String?
    /// The caller who made it so, if that was approved. An exempt caller's rule stays when the policy no longer allows it to
    /// everybody.
    package let maker: Caller
    /// The time of the call that was approved.
    package let madeAt: Date?
    /// True if the rule was gone or had other content when EC2 was last looked at.
    package let isGone: Bool
    /// The time at which the rule was first seen to be gone or to have other content.
    package let goneAt: Date?
    /// True if an event changed the row so recently that EC2 may still show the earlier state.
    package let isFresh: Bool

    /// Creates a row.
    package init(
        id: SecurityGroupRuleID,
        content: RuleContent,
        knownBy: KnownBy,
        approvedBy: String?,
        maker: Caller = Caller(),
        madeAt: Date? = nil,
        isGone: Bool = false,
        goneAt: Date? = nil,
        isFresh: Bool = false
    ) {
        self.id = id
        self.content = content
        self.knownBy = knownBy
        self.approvedBy = approvedBy
        self.maker = maker
        self.madeAt = madeAt
        self.isGone = isGone
        self.goneAt = goneAt
        self.isFresh = isFresh
    }

    /// True if the rule's source is a prefix list whose entries the policy judges, and that is why the rule could stand. Entries that
    /// somebody adds later did not stand when the group was first seen.
    fileprivate func wasAllowedByContent(_ policy: Policy, _ lists: PrefixLists) -> Bool {
        guard policy.expandPrefixLists, case .prefixList(let id) = content.rule.peer, lists[id] != nil else {
            return false
        }
        return approvedBy != Approval.baseline
    }

    /// True if the rule said this, which was approved to last, after it had said what `earlier` says.
    fileprivate func replaced(_ earlier: Self, _ lending: Set<String>) -> Bool {
        guard let approvedBy, !lending.contains(approvedBy) else { return false }
        guard earlier.isGone, content.rule != earlier.content.rule else { return false }
        return !isGone || goneAt ?? .distantPast > earlier.goneAt ?? .distantPast
    }
}

/// A look at all rules of one group.
package struct GroupLook: Hashable, Sendable {
    /// The group.
    package let group: WatchedGroup
    /// The rules that EC2 shows.
    package let rules: [LiveRule]

    /// A look at one group.
    package init(group: WatchedGroup, rules: [LiveRule]) {
        self.group = group
        self.rules = rules
    }
}

/// The differences between a look at a group and what the ledger knows. Empty if the look shows nothing new.
package struct SnapshotDiff: Hashable, Sendable {
    /// A rule that the ledger did not know to stand with this content.
    package struct Appearance: Hashable, Sendable {
        /// The rule.
        package let rule: LiveRule
        /// The origin for the ledger, if it has no older row of the rule.
        package let knownBy: KnownBy
        /// The reason why it may stand; nil if there is none.
        package let approvedBy: String?
        /// True if the rule says again what something else that was approved has replaced. The earlier approval has ended:
        /// whoever narrows a rule does not want it to be widened again by anybody.
        package var isUndoing = false
    }

    /// A standing rule whose row in the ledger is to be changed.
    package struct Update: Hashable, Sendable {
        /// The rule.
        package let rule: LiveRule
        /// The reason why it may stand now; nil if there is none.
        package let approvedBy: String?
    }

    /// Rules that stand, and of which the ledger did not know that.
    package private(set) var appeared: [Appearance] = []
    /// Rules that the ledger believed to stand, and that are gone.
    package private(set) var vanished: [SecurityGroupRuleID] = []
    /// Rules that stand as before, with another approval or description.
    package private(set) var updated: [Update] = []

    /// True if there is nothing to write.
    package var isEmpty: Bool { count == 0 }

    /// The number of rules of which something is to be written.
    package var count: Int { appeared.count + vanished.count + updated.count }

    /// Compares a look with what the ledger knows.
    ///
    /// - Parameters:
    ///   - known: The rows of all rules that stand or that the look shows.
    ///   - isFirstSight: True if the group was never looked at before.
    ///   - unread: The prefix lists that could not be read. A known rule of one stays as it is known.
    package init(
        of look: GroupLook,
        known: [KnownRule],
        isFirstSight: Bool,
        policy: Policy,
        lists: PrefixLists = .unknown,
        unread: Set<String> = []
    ) {
        let rows = Dictionary(grouping: known, by: \.id)
        let trustsFirstSight = look.group.watch.baseline == .firstSight
        let lending = policy.lending
        for live in look.rules {
            let mine = rows[live.id] ?? []
            let same = mine.first { $0.content.rule == live.rule }
            let isUndoing = same.map { same in mine.contains { $0.replaced(same, lending) } } ?? false
            let maker = isUndoing ? nil : same
            let allowance = look.group.allowance(of: live, madeAs: maker, knownAs: mine, by: policy, lists: lists)
            let trusts = trustsFirstSight && !(maker?.wasAllowedByContent(policy, lists) ?? false)
            if let same, !same.isGone {
                if case .prefixList(let id) = live.rule.peer, unread.contains(id) { continue }
                let approval = Self.approval(same, allowance, trustsFirstSight: trusts)
                if approval != same.approvedBy || live.content != same.content {
                    updated.append(Update(rule: live, approvedBy: approval))
                }
                continue
            }
            // EC2 may still show the state from before the change that a run has just made.
            if mine.contains(where: \.isFresh) { continue }
            let knownBy = mine.isEmpty && isFirstSight ? KnownBy.baseline : .sweep
            let approval =
                maker.map { Self.approval($0, allowance, trustsFirstSight: trusts) }
                ?? allowance ?? (knownBy == .baseline && trustsFirstSight ? Approval.baseline : nil)
            appeared.append(
                Appearance(rule: live, knownBy: knownBy, approvedBy: approval, isUndoing: isUndoing)
            )
        }
        let shown = Set(look.rules.map(\.id))
        let standing = known.filter { !$0.isGone && !$0.isFresh && !shown.contains($0.id) }
        vanished = standing.map(\.id).sorted { $0.description < $1.description }
    }

    /// The reason why a known rule may stand today. An approval by a person or an exemption stays. One by an allow entry
    /// holds only while the policy has such an entry.
    private static func approval(_ known: KnownRule, _ allowance: String?, trustsFirstSight: Bool) -> String? {
        let approval = known.approvedBy.map { Approval(source: $0) }
        if let approval, approval.isExemption || approval.isByPerson { return approval.source }
        return allowance ?? (known.knownBy == .baseline && trustsFirstSight ? Approval.baseline : nil)
    }
}

extension WatchedGroup {
    /// The reason why a caller may make such a rule today; nil if there is none.
    ///
    /// - Parameters:
    ///   - known: The row whose maker counts; nil if the maker is not known.
    ///   - rows: What the ledger knows of the rule.
    fileprivate func allowance(
        of live: LiveRule,
        madeAs known: KnownRule?,
        knownAs rows: [KnownRule],
        by policy: Policy,
        lists: PrefixLists
    ) -> String? {
        allowance(
            of: live.rule,
            isEdit: rows.contains { $0.content.rule != live.rule && $0.approvedBy != nil },
            madeBy: known?.maker ?? Caller(),
            at: known?.madeAt,
            by: policy,
            lists: lists
        )
    }
}
