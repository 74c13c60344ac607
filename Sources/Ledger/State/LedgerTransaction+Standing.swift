import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// Standing rules that a worker must judge.
extension LedgerTransaction {
    /// A rule that stands without a reason, and the id of the event that judges it.
    package struct Unexplained: Hashable, Sendable {
        /// The rule.
        package let rule: StandingRule
        /// The event's id.
        package let eventID: String
    }

    /// The rules that stand without a reason.
    package func unexplainedRules() throws -> [StandingRule] {
        let sql = """
            \(Self.standingColumns) FROM sightings AS s WHERE gone_at IS NULL AND approved_by IS NULL
            ORDER BY group_id, rule_id
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql)).compactMap(standing)
    }

    /// The rules that stand and whose `column` has this value.
    func standingRules(where column: String, is value: String) throws -> [StandingRule] {
        let sql = "\(Self.standingColumns) FROM sightings AS s WHERE gone_at IS NULL AND \(column) = ?"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [value]).compactMap(standing)
    }

    /// The number of rules that stand without a reason.
    package func unexplainedCount() throws -> Int {
        try row("SELECT count(*) FROM sightings WHERE gone_at IS NULL AND approved_by IS NULL", [])?[0] ?? 0
    }

    /// The rules that have stood without a reason since before `time` and that are to be judged.
    ///
    /// A rule is left out for each of these reasons:
    /// - An event of its group runs, or came within the last hour and has not ended. The event may be about the rule.
    /// - A record says that an exempt caller gave the rule its present content.
    /// - An event of the rule came within the last hour, and failed or was suppressed. It runs again. A sweep of the rule does not count.
    /// - The rule was judged with its present content, and the result still holds.
    ///
    /// The rules come in parts, so that other writers of the ledger do not wait for long.
    ///
    /// - Parameters:
    ///   - isDryRun: True for a dry run. A rule that was reported then counts as judged.
    ///   - settled: The events that other hosts have ended. No rule waits for them.
    ///   - last: The last rule of the part before; nil for the first part.
    /// - Returns: The rules, and the last rule that was looked at; nil after the last part.
    package func unexplained(
        since time: Date,
        isDryRun: Bool,
        settled: [String] = [],
        after last: StandingRule? = nil,
        limit: Int = 500
    ) throws -> (found: [Unexplained], last: StandingRule?) {
        let sql = """
            \(Self.standingColumns)
            FROM sightings AS s WHERE gone_at IS NULL AND approved_by IS NULL AND stood_from <= ?
                AND (group_id, rule_id) > (?, ?)
                AND NOT EXISTS (SELECT 1 FROM events WHERE group_id = s.group_id AND \(Self.mayTellOfIt) AND (\(Self.isRunning)
                    OR outcome IS NULL AND received_at > ? AND event_name NOT IN ('\(OwnEvent.sweep)', '\(OwnEvent.exemptionEnd)')
                        AND event_id NOT IN (SELECT value FROM json_each(?))))
                AND NOT EXISTS (SELECT 1 FROM events JOIN rules USING (number)
                    WHERE events.group_id = s.group_id AND rules.rule_id = s.rule_id AND rules.outcome = 'exempt'
                        AND received_at > coalesce(s.forgotten_at, '') AND NOT \(Self.changedNothing)
                        AND rules.direction = s.direction AND rules.protocol = s.protocol
                        AND rules.from_port = s.from_port AND rules.to_port = s.to_port AND rules.source = s.source)
                AND NOT EXISTS (SELECT 1 FROM events JOIN rules USING (number)
                    WHERE events.group_id = s.group_id AND rules.rule_id = s.rule_id AND received_at BETWEEN ? AND ?
                        AND events.outcome IN ('failed', 'suppressed') AND event_name <> '\(OwnEvent.sweep)'
                        AND events.event_id NOT IN (SELECT value FROM json_each(?)))
            ORDER BY group_id, rule_id LIMIT ?
            """
        let hourAgo = now.addingTimeInterval(-3600)
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: sql),
            arguments: [
                RFC3339.format(time), last?.groupID.description ?? "", last?.id.description ?? "", nowText,
                longestLease,
                RFC3339.format(hourAgo), settled.jsonText, RFC3339.format(hourAgo), nowText, settled.jsonText, limit,
            ]
        )
        let found = try rows.compactMap { row -> Unexplained? in
            guard let rule = try standing(row) else { return nil }
            return try nextSweep(of: rule, brought: row[17], isReport: isDryRun || isReported(rule))
        }
        return (found, rows.count < limit ? nil : try rows.last.flatMap(standing))
    }

    /// The ids of events that have not ended and that keep rules from being swept which have stood without a reason since before `time`.
    /// Events that a worker of this ledger runs now are left out.
    package func awaitedEvents(since time: Date, limit: Int = 100) throws -> [String] {
        let sql = """
            SELECT event_id FROM events
            WHERE group_id IN (SELECT group_id FROM sightings
                    WHERE gone_at IS NULL AND approved_by IS NULL AND stood_from <= ?)
                AND coalesce(outcome, 'failed') IN ('failed', 'suppressed') AND received_at > ?
                AND NOT \(Self.isRunning) AND event_name NOT IN ('\(OwnEvent.sweep)', '\(OwnEvent.exemptionEnd)')
            LIMIT ?
            """
        return try String.fetchAll(
            db.cachedStatement(sql: sql),
            arguments: [
                RFC3339.format(time), RFC3339.format(now.addingTimeInterval(-3600)), nowText, longestLease, limit,
            ]
        )
    }

    /// The SQL condition for events that may be about a rule: they were received before the rule had stood for 15 minutes. A record
    /// comes within minutes of its call. Later events must not delay a sweep for ever.
    private static let mayTellOfIt = "received_at < strftime('%Y-%m-%dT%H:%M:%fZ', s.stood_from, '+15 minutes')"

    /// The SQL condition for events that a worker runs now. Its arguments are the time and `longestLease`. A lease that ends later
    /// was written before the clock was set back, and counts as ended.
    static let isRunning = "(coalesce(lease_until, '') > ? AND lease_until <= ?)"

    /// The latest end that a lease of now may have.
    var longestLease: String { text(after: lease + .seconds(1)) }

    /// The SQL condition for a modification of a rule that said the same before it, such as one of its description.
    private static let changedNothing = """
        (event_name = 'ModifySecurityGroupRules'
            AND s.stood_from < coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', event_time, '-60 seconds'), ''))
        """

    /// The rules that an exempt caller made and that stand.
    package func exemptRules() throws -> [StandingRule] {
        let sql = """
            \(Self.standingColumns) FROM sightings AS s
            WHERE gone_at IS NULL AND approved_by GLOB 'exempt *' ORDER BY group_id, rule_id
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql)).compactMap(standing)
    }

    /// The rules that stand as the baseline of their groups, and that this ledger has seen first at `time` or later.
    package func baseline(seenSince time: Date) throws -> [StandingRule] {
        let sql = """
            \(Self.standingColumns) FROM sightings AS s
            WHERE gone_at IS NULL AND approved_by = ? AND first_seen >= ? ORDER BY group_id, rule_id
            """
        let arguments: StatementArguments = [Approval.baseline, RFC3339.format(time)]
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).compactMap(standing)
    }

    /// True if an event that sg-revert made is to be run: it has not run yet, or its last run failed some time ago.
    package func isOpen(ownEvent eventID: String) throws -> Bool {
        guard let (outcome, attempts, last) = try lastRun(of: eventID) else { return true }
        guard let outcome, outcome.isFinal else {
            let pause = Backoff.doubled(.seconds(30), attempt: attempts + 1, cap: .seconds(3600)) / .seconds(1)
            // A run of the future was recorded before the clock was set back.
            return last > now || last.addingTimeInterval(pause) <= now
        }
        return false
    }

    /// The id of the event that judges a rule after the end of its exemption; nil if it was judged with its present content.
    ///
    /// - Parameters:
    ///   - until: The time at which the exemption ended.
    ///   - isDryRun: True for a dry run. A rule that was reported then counts as judged.
    package func nextExemptionEnd(of rule: StandingRule, until: Date?, isDryRun: Bool) throws -> String? {
        try nextRound(of: rule, isReport: isDryRun || isReported(rule)) { round in
            OwnEvent.exemptionEndID(of: rule, until: until, round: round)
        }
    }

    /// The event that judges a rule next; nil if the rule was judged with its present content.
    private func nextSweep(of rule: StandingRule, brought eventID: String?, isReport: Bool) throws -> Unexplained? {
        if isReport, let eventID, try lastRun(of: eventID)?.outcome == .reported { return nil }
        return try nextRound(of: rule, isReport: isReport) { OwnEvent.sweepID(of: rule, round: $0) }
            .map { Unexplained(rule: rule, eventID: $0) }
    }

    /// The id of the first event of a rule that is not finished; nil if the result of the last finished one still holds.
    private func nextRound(of rule: StandingRule, isReport: Bool, id: (_ round: Int) -> String) throws -> String? {
        for round in 0... {
            let id = id(round)
            guard let (outcome, _, last) = try lastRun(of: id) else { return id }
            if try isOpen(ownEvent: id) { return id }
            guard let outcome, outcome.isFinal else { return nil }
            // The result of an event no longer holds if the rule came back after the event had run.
            if last < rule.since { continue }
            // A rule that was reported is not reported again while its group is only to be reported. Any other result holds until the
            // next look at the group. If that look finds the rule without a reason to stand, the rule is judged again. A worker without
            // snapshots takes no look. It judges a rule again that was reported, at most once an hour.
            if outcome == .reported, isReport { return nil }
            // A run of the future was recorded before the clock was set back.
            let isOverdue = last > now || outcome == .reported && last.addingTimeInterval(3600) <= now
            guard try isOverdue || wasLookedAt(rule.groupID, after: last) else { return nil }
        }
        return nil
    }

    /// The outcome of the last sweep of a rule since it came to say what it says; nil where it was not swept, or the sweep has not
    /// ended.
    package func sweepOutcome(of rule: StandingRule) throws -> EventOutcome? {
        var outcome: EventOutcome?
        for round in 0... {
            guard let last = try lastRun(of: OwnEvent.sweepID(of: rule, round: round)) else { break }
            outcome = last.at < rule.since ? nil : last.outcome
        }
        return outcome
    }

    /// True if the entry that watches the rule's group only reports.
    private func isReported(_ rule: StandingRule) throws -> Bool {
        let found = try row(
            "SELECT 1 FROM group_snapshots WHERE group_id = ? AND action = ?",
            [rule.groupID.description, Watch.Action.report.rawValue]
        )
        return found != nil
    }

    private func wasLookedAt(_ groupID: SecurityGroupID, after time: Date) throws -> Bool {
        let found = try row(
            "SELECT 1 FROM group_snapshots WHERE group_id = ? AND looked_at > ?",
            [groupID.description, RFC3339.format(time)]
        )
        return found != nil
    }

    private func lastRun(of eventID: String) throws -> (outcome: EventOutcome?, attempts: Int, at: Date)? {
        let found = try row(
            "SELECT outcome, attempts, at FROM events JOIN trail ON seq = last_seq WHERE events.event_id = ?",
            [eventID]
        )
        guard let found else { return nil }
        let outcome: String? = found[0]
        return (try outcome.map(parse), found[1], RFC3339.parse(found[2] as String) ?? .distantPast)
    }

    /// All contents that a rule was seen with, and for each whether the rule still has it.
    func contents(of ruleID: SecurityGroupRuleID, in groupID: String) throws -> [(rule: StandingRule, isStanding: Bool)]
    {
        let sql = "\(Self.standingColumns), gone_at IS NULL FROM sightings AS s WHERE group_id = ? AND rule_id = ?"
        let rows = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [groupID, ruleID.description])
        return try rows.compactMap { row in try standing(row).map { ($0, row[19]) } }
    }

    private static let standingColumns = """
        SELECT rule_id, group_id, account, region, direction, protocol, from_port, to_port, source, description, peer_owner,
            stood_from, approved_by, approver_arn, approver_service, approver_identity, approved_event_time, event_id,
            EXISTS (SELECT 1 FROM sightings AS t WHERE t.group_id = s.group_id AND t.rule_id = s.rule_id
                AND t.gone_at IS NOT NULL AND t.approved_by IS NOT NULL)
        """

    private func standing(_ row: Row) throws -> StandingRule? {
        guard let id = SecurityGroupRuleID(row[0] as String), let groupID = SecurityGroupID(row[1] as String),
            let content = try content(in: row, from: 4), let since = RFC3339.parse(row[11] as String)
        else { return nil }
        return StandingRule(
            id: id,
            groupID: groupID,
            account: row[2],
            region: row[3],
            content: content,
            since: since,
            approval: approval(in: row, from: 12),
            isEdit: row[18]
        )
    }
}
