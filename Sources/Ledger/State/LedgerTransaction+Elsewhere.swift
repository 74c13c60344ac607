import GRDB
package import SecurityGroups

/// Writes down the decisions of other hosts of a fleet that this ledger needs.
extension LedgerTransaction {
    /// Stores the reason why another host let a rule stand.
    ///
    /// - Returns: False if the approval by that event has ended here, because the rule has had other content since or a person took the
    ///   approval back.
    package func keep(_ approval: Approval, of rule: StandingRule, from eventID: String) throws -> Bool {
        guard try !hasEnded(rule, from: eventID) else { return false }
        let sighting = RuleSighting(
            account: rule.account,
            region: rule.region,
            groupID: rule.groupID,
            ruleID: rule.id,
            content: rule.content,
            approval: approval
        )
        try keep([sighting], lending: [], of: eventID.bounded)
        return true
    }

    /// Stores that another host left a rule to an exempt caller which this ledger took for the baseline of its group.
    package func keep(lent approval: Approval, of rule: StandingRule, from eventID: String) throws {
        guard try !hasEnded(rule, from: eventID) else { return }
        try takeFromBaseline(rule.content.rule, rule.groupID, rule.id)
        _ = try keep(approval, of: rule, from: eventID)
    }

    /// True if the approval of the rule by that event has ended here.
    private func hasEnded(_ rule: StandingRule, from eventID: String) throws -> Bool {
        let ended = try row(
            """
            SELECT 1 FROM sightings
            WHERE group_id = ? AND rule_id = ? AND gone_at IS NULL AND forgotten_at IS NOT NULL AND event_id = ?
            """,
            [rule.groupID.description, rule.id.description, eventID.bounded]
        )
        return ended != nil
    }

    /// Records that another host has judged an event that sg-revert made, so that this host does not run it again. If that host
    /// reverted the rule, the outcome here is `unchanged`.
    package func keep(_ outcome: EventOutcome, ofElsewhere event: EventFacts, _ delivery: Delivery) throws {
        guard case .run(let claim) = try claim(event, delivery: delivery) else { return }
        let own: EventOutcome = outcome == .reported ? .reported : .unchanged
        try finish(claim, with: RunResult(outcome: own, reason: "another host judged it: \(outcome.rawValue)"))
    }
}
