import Formats
package import Foundation
import GRDB
package import SecurityGroups

extension LedgerTransaction {
    /// What is known of a rule from before an event, over all workers of the ledger.
    ///
    /// - Parameters:
    ///   - rule: what the rule says.
    ///   - ruleID: its id, where it has one.
    ///   - eventID: the event that is run, which does not count.
    ///   - eventTime: its time; what was done later does not count, except for how often.
    package func past(
        of rule: SecurityGroupRule,
        ruleID: String?,
        in groupID: String,
        before eventID: String,
        at eventTime: Date?
    ) throws -> RulePast {
        // Along the index of a group's events by their time, so that even a ledger of years answers at once.
        let hourBefore = RFC3339.format(min(eventTime ?? now, now).addingTimeInterval(-3600))
        let reverts = try row(
            """
            SELECT count(*) FROM events JOIN rules USING (event_id)
            WHERE events.group_id = ? AND coalesce(events.event_time, '') >= ? AND event_id <> ?
                AND finished_at >= ? AND rules.outcome = 'reverted' AND \(Self.saysTheSame)
            """,
            [groupID, hourBefore, eventID, RFC3339.format(now.addingTimeInterval(-3600))] + arguments(rule)
        )
        let good = try ruleID.flatMap { id in
            try lastRule(
                "rule_id = ? AND decision IN ('allow', 'exempt')",
                [id],
                in: groupID,
                before: eventID,
                at: eventTime
            )
        }
        let last = try lastRule(Self.saysTheSame, arguments(rule), in: groupID, before: eventID, at: eventTime)
        return RulePast(
            reverts: reverts?[0] ?? 0,
            lastGood: good?.content,
            isLastGoodExempt: good?.decision == .exempt,
            lastDecision: last?.decision
        )
    }

    /// What the rule of this id said when it was last added or changed before an event; nil if that was never seen.
    package func lastContent(
        ofRule ruleID: String,
        in groupID: String,
        before eventID: String,
        at eventTime: Date?
    ) throws -> RuleContent? {
        try lastRule("rule_id = ?", [ruleID.bounded], in: groupID, before: eventID, at: eventTime)?.content
    }

    private static let saysTheSame = """
        rules.direction = ? AND rules.protocol = ? AND rules.from_port = ? AND rules.to_port = ? AND rules.source = ?
        """

    private func arguments(_ rule: SecurityGroupRule) -> StatementArguments {
        [
            rule.direction.rawValue, rule.ipProtocol.description, rule.ports.from, rule.ports.to,
            rule.peer.description.bounded,
        ]
    }

    /// The newest record of an addition or modification for which `condition` holds.
    private func lastRule(
        _ condition: String,
        _ arguments: StatementArguments,
        in groupID: String,
        before eventID: String,
        at eventTime: Date?
    ) throws -> (content: RuleContent, decision: RuleDecision?)? {
        let found = try row(
            """
            SELECT rules.direction, protocol, from_port, to_port, source, description, decision
            FROM events JOIN rules USING (event_id)
            WHERE events.group_id = ? AND coalesce(events.event_time, '') <= ? AND event_id <> ?
                AND event_name NOT LIKE 'Revoke%' AND \(condition)
            ORDER BY coalesce(events.event_time, '') DESC, event_id DESC LIMIT 1
            """,
            // An event without a time is judged by all that is known: every year is before this one.
            [groupID, eventTime.map(RFC3339.format) ?? "9999", eventID] + arguments
        )
        guard let found, let ipProtocol = IPProtocol(found[1]) else { return nil }
        let rule = SecurityGroupRule(
            direction: try parse(found[0]),
            ipProtocol: ipProtocol,
            fromPort: found[2],
            toPort: found[3],
            peer: Peer(found[4])
        )
        let decision: String? = found[6]
        return (RuleContent(rule: rule, ruleDescription: found[5]), try decision.map(parse))
    }
}
