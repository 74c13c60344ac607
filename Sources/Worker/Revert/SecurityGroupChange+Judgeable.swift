import SecurityGroups

extension SecurityGroupChange {
    /// The change without parts that cannot be compared with EC2: EC2 never shows the source group of a rule by its
    /// name.
    ///
    /// If an added rule has no id either, it is looked for in the group. A removed rule is looked for in the ledger.
    var judgeable: Self {
        let isUnclear = rules.contains { $0.namesGroup && $0.id == nil }
        let judgeable = rules.compactMap { rule in
            guard rule.namesGroup else { return rule }
            guard kind.isRemoval || rule.id != nil else { return nil }
            return ChangedRule(
                id: rule.id,
                direction: rule.direction,
                traffic: nil,
                ruleDescription: rule.ruleDescription,
                peerOwner: rule.peerOwner
            )
        }
        let words = "a rule without id names its source group by name, which EC2 never shows"
        return Self(
            kind: kind,
            groupID: groupID,
            rules: judgeable,
            unread: unread ?? (isUnclear && !kind.isRemoval ? words : nil),
            mayHaveMoreRules: mayHaveMoreRules || (isUnclear && !kind.isRemoval)
        )
    }
}

extension ChangedRule {
    fileprivate var namesGroup: Bool {
        if case .groupName? = traffic?.peer { true } else { false }
    }
}
