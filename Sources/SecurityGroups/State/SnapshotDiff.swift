/// How a standing rule came to be known. The raw values are those of the view `standing_rules`.
package enum KnownBy: String, Hashable, Sendable, CaseIterable {
    /// It stood when its group was first seen.
    case baseline
    /// An event told of it.
    case event
    /// A look at the group found it, and no event told of it.
    case sweep
    /// A person approved it.
    case approved
}

/// One content of one rule, as the ledger knows it.
package struct KnownRule: Hashable, Sendable {
    /// The rule's id.
    package let id: SecurityGroupRuleID
    /// What the rule says.
    package let content: RuleContent
    /// How it came to be known.
    package let knownBy: KnownBy
    /// Why it may stand; nil where nothing says so.
    package let approvedBy: String?
    /// True where the rule was last seen not to say this any more.
    package let isGone: Bool
    /// True where an event changed the row so lately that a look may still show the state before.
    package let isFresh: Bool

    /// A row of the ledger.
    package init(
        id: SecurityGroupRuleID,
        content: RuleContent,
        knownBy: KnownBy,
        approvedBy: String?,
        isGone: Bool = false,
        isFresh: Bool = false
    ) {
        self.id = id
        self.content = content
        self.knownBy = knownBy
        self.approvedBy = approvedBy
        self.isGone = isGone
        self.isFresh = isFresh
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

/// What a look at a group tells that the ledger does not know yet. A look that shows nothing new is empty.
package struct SnapshotDiff: Hashable, Sendable {
    /// A rule that the ledger did not know to stand with this content.
    package struct Appearance: Hashable, Sendable {
        /// The rule.
        package let rule: LiveRule
        /// How it came to be known, should the ledger have no older row of it.
        package let knownBy: KnownBy
        /// Why it may stand.
        package let approvedBy: String?
    }

    /// A standing rule of which something else is to be written.
    package struct Update: Hashable, Sendable {
        /// The rule.
        package let rule: LiveRule
        /// Why it may stand by now.
        package let approvedBy: String?
    }

    /// Rules that stand now and were not known to.
    package private(set) var appeared: [Appearance] = []
    /// Rules that were known to stand, and do not any more.
    package private(set) var vanished: [SecurityGroupRuleID] = []
    /// Rules that stand as before, with another approval or description.
    package private(set) var updated: [Update] = []

    /// True where there is nothing to write.
    package var isEmpty: Bool { appeared.isEmpty && vanished.isEmpty && updated.isEmpty }

    /// Compares a look with what the ledger knows.
    ///
    /// - Parameters:
    ///   - known: every row of the rules that stand or that the look shows.
    ///   - isFirstSight: True where the group was never looked at before.
    package init(
        of look: GroupLook,
        known: [KnownRule],
        isFirstSight: Bool,
        policy: Policy,
        lists: PrefixLists = .unknown
    ) {
        let rows = Dictionary(grouping: known, by: \.id)
        let trustsFirstSight = look.group.watch.baseline == .firstSight
        for live in look.rules {
            let mine = rows[live.id] ?? []
            let same = mine.first { $0.content.rule == live.rule }
            let isEdit = mine.contains { $0.content.rule != live.rule && $0.approvedBy != nil }
            let allowance = look.group.allowance(of: live.rule, isEdit: isEdit, by: policy, lists: lists)
            if let same, !same.isGone {
                let approval = Self.approval(same, allowance, trustsFirstSight: trustsFirstSight)
                if approval != same.approvedBy || live.content != same.content {
                    updated.append(Update(rule: live, approvedBy: approval))
                }
                continue
            }
            // EC2 may still show what an event's run has just changed.
            if mine.contains(where: \.isFresh) { continue }
            let knownBy = mine.isEmpty && isFirstSight ? KnownBy.baseline : .sweep
            let approval =
                same.map { Self.approval($0, allowance, trustsFirstSight: trustsFirstSight) }
                ?? allowance ?? (knownBy == .baseline && trustsFirstSight ? "baseline" : nil)
            appeared.append(Appearance(rule: live, knownBy: knownBy, approvedBy: approval))
        }
        let shown = Set(look.rules.map(\.id))
        let standing = known.filter { !$0.isGone && !$0.isFresh && !shown.contains($0.id) }
        vanished = standing.map(\.id).sorted { $0.description < $1.description }
    }

    /// Why a known rule may stand today. What a person or an exempt event approved stays approved; the policy's word holds for
    /// as long as the policy says so.
    private static func approval(_ known: KnownRule, _ allowance: String?, trustsFirstSight: Bool) -> String? {
        if let approval = known.approvedBy, approval.hasPrefix("exempt ") || approval.hasPrefix("approved ") {
            return approval
        }
        return allowance ?? (known.knownBy == .baseline && trustsFirstSight ? "baseline" : nil)
    }
}
