package import SecurityGroups

/// Writes down the decisions of other hosts of a fleet that this ledger needs.
extension LedgerTransaction {
    /// Stores the reason why another host let a rule stand.
    package func keep(_ approval: Approval, of rule: StandingRule, from eventID: String) throws {
        let sighting = RuleSighting(
            account: rule.account,
            region: rule.region,
            groupID: rule.groupID,
            ruleID: rule.id,
            content: rule.content,
            approval: approval
        )
        try keep([sighting], of: eventID.bounded)
    }

    /// Records that another host has judged an event that sg-revert made, so that this host does not run it again. If that host
    /// reverted the rule, the outcome here is `unchanged`.
    package func keep(_ outcome: EventOutcome, ofElsewhere event: EventFacts, _ delivery: Delivery) throws {
        guard case .run(let claim) = try claim(event, delivery: delivery) else { return }
        let own: EventOutcome = outcome == .reported ? .reported : .unchanged
        try finish(claim, with: RunResult(outcome: own, reason: "another host judged it: \(outcome.rawValue)"))
    }
}
