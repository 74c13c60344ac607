package import SecurityGroups

/// What other hosts of a fleet did, as far as this ledger has to know it.
extension LedgerTransaction {
    /// Keeps why another host let a rule stand.
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

    /// Keeps that another host has judged an event of our own, so that it is not asked for again. What that host reverted is
    /// `unchanged` here.
    package func keep(_ outcome: EventOutcome, ofElsewhere event: EventFacts, _ delivery: Delivery) throws {
        guard case .run(let claim) = try claim(event, delivery: delivery) else { return }
        let own: EventOutcome = outcome == .reported ? .reported : .unchanged
        try finish(claim, with: RunResult(outcome: own, reason: "another host judged it: \(outcome.rawValue)"))
    }
}
