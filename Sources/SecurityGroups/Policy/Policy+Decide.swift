extension Policy {
    /// Judges one rule of a change that is watched under `watch`.
    ///
    /// An added or modified rule stays where one entry of the allow list covers it entirely, or whoever made it is
    /// exempt. A removed rule is put back unless whoever removed it is exempt, or the policy itself would not let it
    /// stand: where there is an allow list that does not cover it and the same watch reverts additions, to put it back
    /// would be to open what the policy forbids.
    package func decide(_ rule: SecurityGroupRule, _ context: ChangeContext, under watch: Watch) -> Decision {
        let covering = allow.first { $0.covers(rule, in: context.group.groupID) }
        if !context.kind.isRemoval, let covering {
            return Decision(decision: .allow, reason: covering.origin)
        }
        if let exemption = exempt.first(where: { $0.covers(context) }) {
            return Decision(decision: .exempt, reason: exemption.origin)
        }
        if context.kind.isRemoval, covering == nil, !allow.isEmpty, watch.changes.contains(rule.direction.added) {
            return Decision(decision: .allow, reason: "\(watch.origin): no allow entry covers the removed rule")
        }
        return Decision(decision: .revert, reason: watch.origin)
    }

    /// Judges a rule as far as its record tells it: nil where the decision hangs on what it does not tell, the
    /// direction of a modified rule or the content of one known by id alone.
    package func decide(_ rule: ChangedRule, _ context: ChangeContext, under watch: Watch) -> Decision? {
        if let rule = rule.rule { return decide(rule, context, under: watch) }
        if let traffic = rule.traffic {
            let decisions = Direction.allCases.map {
                decide(SecurityGroupRule(direction: $0, traffic: traffic), context, under: watch)
            }
            return decisions[0] == decisions[1] ? decisions[0] : nil
        }
        if let exemption = exempt.first(where: { $0.covers(context) }) {
            return Decision(decision: .exempt, reason: exemption.origin)
        }
        return allow.isEmpty ? Decision(decision: .revert, reason: watch.origin) : nil
    }
}

extension Direction {
    /// The kind of change that adds a rule in this direction.
    fileprivate var added: ChangeKind {
        self == .ingress ? .ingressAdded : .egressAdded
    }
}
