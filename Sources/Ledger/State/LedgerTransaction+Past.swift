import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// The event for which the ledger is asked about the past of rules.
package struct PastQuery: Hashable, Sendable {
    /// The event that runs now. It does not count as past.
    package let eventID: String
    /// Its group.
    package let groupID: String
    /// Its time.
    package let eventTime: Date?
    /// True for the removal of rules.
    package let isRemoval: Bool
    /// The policy's limits of reverts within an hour.
    package let limits: RevertLimits
    /// The caller of its change.
    package let caller: Caller
    /// The sources of approvals that do not last; see ``Policy/lending``.
    package let lending: Set<String>
    /// The number of seconds by which this host's clock is ahead of AWS's clock. The ledger dates looks by this host's clock and
    /// events by AWS's clock.
    package let clockError: TimeInterval

    /// Creates a query for one event.
    package init(
        eventID: String,
        groupID: String,
        eventTime: Date?,
        isRemoval: Bool,
        limits: RevertLimits,
        caller: Caller = Caller(),
        lending: Set<String> = [],
        clockError: TimeInterval = 0
    ) {
        self.eventID = eventID.bounded
        self.groupID = groupID
        self.eventTime = eventTime
        self.isRemoval = isRemoval
        self.limits = limits
        self.caller = caller
        self.lending = lending
        self.clockError = clockError
    }

    /// The event's time by this host's clock.
    var eventTimeHere: Date? { eventTime?.addingTimeInterval(clockError) }
}

extension LedgerTransaction {
    /// Returns what the ledger knows of a rule from other events, of all workers of the ledger.
    package func past(of question: RuleQuestion, _ query: PastQuery) throws -> RulePast {
        var past = RulePast()
        if let rule = question.rule { try countReverts(of: rule, query, &past) }
        past.roomAt = try roomAt(query)
        let seen = try question.ruleID.map { try sightings(of: $0.description, in: query.groupID) } ?? []
        // What a look saw after the event says nothing of what stood before it.
        past.lastSeen = seen.first { $0.stood(before: query.eventTimeHere) || $0.eventID != nil }?.content.rule
        past.contradiction = try contradiction(of: question, seen, query)
        if query.isRemoval {
            past.earlier = try approvedBefore(question, seen, query)
            if let rule = question.rule ?? past.earlier?.content.rule {
                past.lastDecision = try lastDecision(on: rule, query)
                past.isSettledLater = try isSettledLater(rule, question.ruleID, past.earlier, query)
            }
        } else {
            if question.added != nil {
                try askWhoAdded(question, query, &past)
            } else {
                past.outrunModifications = try outrunModifications(of: question, query)
            }
            // A record that names the rule tells of the call that made it, so that a look that seems to come shortly before that
            // call came after it: the clock is slow.
            let bound = question.added == nil ? query.eventTimeHere : query.eventTimeHere.map(Self.beforeDoubt)
            let lasting = seen.filter { !$0.isReplaced(by: seen, lending: query.lending) }
            let same = lasting.first { $0.content.rule == question.rule }
            let approval = same?.approval(against: bound)
            past.approval = past.isExemptByContent && approval?.isExemption == true ? nil : approval
            let others = lasting.filter { $0.content.rule != question.rule && $0.approval != nil }
            past.earlier = others.first?.approved
            past.older = others.dropFirst().compactMap(\.approved)
            past.newer = others.filter { $0.isAfter(same) }.compactMap(\.approved)
            past.isBroughtByAnother =
                try seen.contains { $0.eventID.map { $0 != query.eventID } ?? false }
                || question.ruleID.map { try isNamedElsewhere($0.description, query) } ?? false
            past.isOfAnotherEvent =
                past.isBroughtByAnother || seen.contains { $0.eventID == nil && $0.stood(before: bound) }
        }
        return past
    }

    /// The approved content that a removed rule had last.
    private func approvedBefore(
        _ question: RuleQuestion,
        _ seen: [Sighting],
        _ query: PastQuery
    ) throws -> ApprovedContent? {
        guard let rule = question.rule else { return seen.first?.approved }
        if question.ruleID == nil { return try approvedSighting(of: rule, in: query.groupID)?.approved }
        // Where the rule said something else since, that is what was removed.
        return seen.first.flatMap { $0.content.rule == rule ? $0.approved : nil }
    }

    /// The contradiction between this record and another one that added a rule with the same id; nil if there is none.
    private func contradiction(
        of question: RuleQuestion,
        _ seen: [Sighting],
        _ query: PastQuery
    ) throws -> String? {
        if query.isRemoval { return try contradiction(ofRemoval: question, query) }
        guard let added = question.added?.description.bounded, let id = question.ruleID else { return nil }
        let other = seen.first { $0.added != nil && $0.added != added && $0.eventID != query.eventID }
        return other.flatMap(\.added).map { "\(id) was added as \($0), and this record says as \(added)" }
    }

    /// Another record that says that it removed the rule: an id is removed only once.
    private func contradiction(ofRemoval question: RuleQuestion, _ query: PastQuery) throws -> String? {
        guard let id = question.ruleID?.description else { return nil }
        let sql = """
            SELECT 1 FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND events.event_id <> ? AND event_name LIKE 'Revoke%' AND rules.rule_id = ?
                AND decision IN ('allow', 'exempt') LIMIT 1
            """
        guard try row(sql, [query.groupID, query.eventID, id]) != nil else { return nil }
        return "another event removed \(id), and an id is removed only once"
    }

    /// Asks what other records say about who added the rule of this id. An id is given only once, and a record that names it
    /// counts for more than one whose rule was found by its content.
    private func askWhoAdded(_ question: RuleQuestion, _ query: PastQuery, _ past: inout RulePast) throws {
        guard let id = question.ruleID?.description else { return }
        let found = try row(
            """
            SELECT max(iif(rules.outcome = 'exempt' AND named, coalesce(rules.reason, 'unknown'), NULL)),
                max(rules.outcome = 'exempt'), max(rules.decision = 'revert')
            FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND events.event_id <> ? AND event_name LIKE 'Authorize%' AND rules.rule_id = ?
            """,
            [query.groupID, query.eventID, id]
        )
        let exempt: String? = found?[0]
        let isExempt: Bool? = found?[1]
        let isForbidden: Bool? = found?[2]
        past.rival = exempt.map { "another record says that \(id) was added by somebody exempt (\($0))" }
        past.isExemptByContent = exempt == nil && isExempt == true
        past.isClaimedByOthers = try isForbidden ?? false || isOpenElsewhere(id, query)
    }

    /// True if a record of another caller names the rule and has no result yet. It counts as one by somebody who may not
    /// add the rule.
    private func isOpenElsewhere(_ ruleID: String, _ query: PastQuery) throws -> Bool {
        let open = try row(
            """
            SELECT 1 FROM events
            WHERE group_id = ? AND event_id <> ? AND event_name LIKE 'Authorize%'
                AND coalesce(outcome, 'failed') = 'failed' AND (issuer_arn IS NOT ? OR invoked_by IS NOT ?)
                AND instr(matched_rule_ids, ?) > 0
                AND NOT EXISTS (SELECT 1 FROM rules WHERE number = events.number AND rule_id = ?) LIMIT 1
            """,
            [
                query.groupID, query.eventID, query.caller.issuerARN?.bounded, query.caller.invokedBy?.bounded, ruleID,
                ruleID,
            ]
        )
        return open != nil
    }

    /// The same contradiction for a rule that is gone, whose sightings the ledger may not have. It compares the rows of events.
    package func contradiction(ofGone question: RuleQuestion, _ query: PastQuery) throws -> String? {
        guard let id = question.ruleID, let added = question.added else { return nil }
        let other = try row(
            """
            SELECT rules.protocol, from_port, to_port, source FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND events.event_id <> ? AND event_name LIKE 'Authorize%'
                AND rules.rule_id = ? AND rules.outcome <> 'already-gone' AND NOT (\(Self.saysTheSame)) LIMIT 1
            """,
            [query.groupID, query.eventID, id.description] + arguments(added)
        )
        guard let other else { return nil }
        let (ipProtocol, source): (String, String) = (other[0], other[3])
        return "\(id) is known as \(ipProtocol) \(source), and this record says that it was added as \(added)"
    }

    private func outrunModifications(of question: RuleQuestion, _ query: PastQuery) throws -> Int {
        guard let id = question.ruleID?.description else { return 0 }
        let counted = try row(
            """
            SELECT count(*) FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND coalesce(events.event_time, '') >= ? AND event_id <> ?
                AND event_name = 'ModifySecurityGroupRules' AND rules.rule_id = ? AND rules.outcome = 'changed-since'
            """,
            [query.groupID, hourBefore(query.eventTime), query.eventID, id]
        )
        return counted?[0] ?? 0
    }

    /// True if another event's record names the rule. The rule stands, so that event created it.
    private func isNamedElsewhere(_ ruleID: String, _ query: PastQuery) throws -> Bool {
        let named = try row(
            """
            SELECT 1 FROM events LEFT JOIN rules USING (number)
            WHERE events.group_id = ? AND events.event_id <> ? AND event_name LIKE 'Authorize%'
                AND (rules.rule_id = ? OR instr(matched_rule_ids, ?) > 0) LIMIT 1
            """,
            [query.groupID, query.eventID, ruleID, ruleID]
        )
        return named != nil
    }

    /// The decision when a rule with this content was last added or modified before the event.
    private func lastDecision(on rule: SecurityGroupRule, _ query: PastQuery) throws -> RuleDecision? {
        let found = try row(
            """
            SELECT decision FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND coalesce(events.event_time, '') <= ? AND event_id <> ?
                AND event_name NOT LIKE 'Revoke%' AND \(Self.saysTheSame)
            ORDER BY coalesce(events.event_time, '') DESC, event_id DESC LIMIT 1
            """,
            // An event without a time is compared with everything that is known.
            [query.groupID, query.eventTime.map(RFC3339.format) ?? "9999", query.eventID] + arguments(rule)
        )
        let decision: String? = found?[0]
        return try decision.map(parse)
    }

    /// True where somebody who may do so removed the rule, or one that says this, after the event; or since it was approved, so that
    /// there was nothing left to remove.
    private func isSettledLater(
        _ rule: SecurityGroupRule,
        _ id: SecurityGroupRuleID?,
        _ approved: ApprovedContent?,
        _ query: PastQuery
    ) throws -> Bool {
        let after = query.eventTime.map(RFC3339.format)
        let since = approved.map { $0.approval.eventTime.map(RFC3339.format) ?? "" }
        guard let bound = [after, since].compactMap(\.self).min() else { return false }
        let found = try row(
            """
            SELECT 1 FROM events JOIN rules USING (number)
            WHERE events.group_id = ? AND coalesce(events.event_time, '') >= ? AND event_id <> ?
                AND event_name LIKE 'Revoke%' AND decision IN ('allow', 'exempt')
                AND (coalesce(events.event_time, '') > ? OR rules.rule_id IS NULL OR rules.rule_id = ?)
                AND \(Self.saysTheSame) LIMIT 1
            """,
            // What was approved in the second of a removal may be the next rule that says the same.
            [query.groupID, bound, query.eventID, bound, id?.description] + arguments(rule)
        )
        return found != nil
    }

    static let saysTheSame = """
        rules.direction = ? AND rules.protocol = ? AND rules.from_port = ? AND rules.to_port = ? AND rules.source = ?
        """
}
