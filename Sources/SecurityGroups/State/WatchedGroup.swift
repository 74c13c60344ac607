/// A group of which the policy judges at least one kind of change.
package struct WatchedGroup: Hashable, Sendable {
    /// The group's id.
    package let id: SecurityGroupID
    /// What EC2 says of the group.
    package let facts: GroupFacts
    /// The entry under which its changes are judged.
    package let watch: Watch

    /// A group with its facts; nil for one that the policy leaves alone.
    ///
    /// - Parameter facts: all of them, VPC, name and tags included, so that no entry stays undetermined.
    package init?(_ id: SecurityGroupID, _ facts: GroupFacts, by policy: Policy) {
        let entries = ChangeKind.allCases.lazy.compactMap { kind -> Watch? in
            let context = ChangeContext(group: facts, kind: kind, issuerARN: nil, eventTime: nil)
            if case .watched(let watch) = policy.watch(context) { return watch }
            return nil
        }
        guard let watch = entries.first else { return nil }
        self.id = id
        self.facts = facts
        self.watch = watch
    }

    /// Says what lets everybody make such a rule today, such as `allow office`; nil where nothing does.
    ///
    /// A rule that came by a kind of change that the entry leaves alone may stand: the event would be ignored too.
    ///
    /// - Parameter isEdit: True where the same rule said something else before, which was approved.
    package func allowance(
        of rule: SecurityGroupRule,
        isEdit: Bool,
        by policy: Policy,
        lists: PrefixLists = .unknown
    ) -> String? {
        let kind = isEdit ? ChangeKind.ruleModified : rule.direction.added
        guard watch.changes.contains(kind) else { return "allow" }
        let context = ChangeContext(
            group: facts,
            kind: kind,
            issuerARN: nil,
            eventTime: nil,
            prefixLists: lists
        )
        let decision = policy.decide(rule, context, under: watch)
        return decision.decision == .allow ? decision.approvedBy ?? "allow" : nil
    }
}
