import SecurityGroups

extension SecurityGroupChange {
    /// The change without what cannot be held against EC2: EC2 never shows a rule's source group by its name.
    ///
    /// An added rule whose id is not known either is looked for in the group. A removed one is looked for in the ledger.
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
