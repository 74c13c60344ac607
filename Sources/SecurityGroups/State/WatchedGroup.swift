package import FoundationEssentials

/// A group of which the policy judges at least one kind of change.
package struct WatchedGroup: Hashable, Sendable {
    /// The group's id.
    package let id: SecurityGroupID
    /// The facts of the group, from EC2.
    package let facts: GroupFacts
    /// The entry under which its changes are judged.
    package let watch: Watch

    /// Creates a watched group; nil if the policy leaves the group alone.
    ///
    /// - Parameters:
    ///   - facts: All facts, with VPC, name and tags, so that each entry either matches or does not.
    ///   - remembered: Names and tags with which the ledger saw the group match.
    ///   - now: The time until which these are remembered.
    package init?(
        _ id: SecurityGroupID,
        _ facts: GroupFacts,
        by policy: Policy,
        remembering remembered: [WatchedFacts] = [],
        at now: Date? = nil
    ) {
        let entries = ChangeKind.allCases.lazy.compactMap { kind -> Watch? in
            let context = ChangeContext(group: facts, kind: kind, issuerARN: nil, eventTime: now)
            if case .watched(let watch) = policy.watch(context, remembering: remembered) { return watch }
            return nil
        }
        guard let watch = entries.first else { return nil }
        self.id = id
        self.facts = facts
        self.watch = watch
    }

    /// The reason why a caller may make such a rule today, such as `allow office`; nil if there is none.
    ///
    /// If the entry does not watch the kind of change that made the rule, the rule may stand, because its event would be
    /// ignored.
    ///
    /// - Parameters:
    ///   - isEdit: True if the rule had other content before, which was approved.
    ///   - maker: The caller who made the rule; unknown by default.
    ///   - time: The time of the call.
    package func allowance(
        of rule: SecurityGroupRule,
        isEdit: Bool,
        madeBy maker: Caller = Caller(),
        at time: Date? = nil,
        by policy: Policy,
        lists: PrefixLists = .unknown
    ) -> String? {
        let kind = isEdit ? ChangeKind.ruleModified : rule.direction.added
        guard watch.changes.contains(kind) else { return "allow" }
        let context = ChangeContext(
            group: facts,
            kind: kind,
            issuerARN: maker.issuerARN,
            invokedBy: maker.invokedBy,
            sourceIdentity: maker.sourceIdentity,
            eventTime: time,
            prefixLists: lists
        )
        let decision = policy.decide(rule, context, under: watch)
        return decision.decision == .revert ? nil : decision.approvedBy ?? "allow"
    }
}
