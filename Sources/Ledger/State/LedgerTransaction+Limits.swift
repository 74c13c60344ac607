import Formats
import Foundation
import GRDB
import SecurityGroups

/// How often rules were reverted lately, for the limits of the policy.
extension LedgerTransaction {
    /// Counts the reverts of rules with this content within the hour before the event, and within the last hour.
    func countReverts(of rule: SecurityGroupRule, _ query: PastQuery, _ past: inout RulePast) throws {
        guard query.limits.perRule != nil else { return }
        let counted = try row(
            """
            SELECT count(*), max(finished_at) FROM events JOIN rules USING (number)
            WHERE \(Self.isRecent(among: "group_id = ?")) AND event_id <> ?
                AND finished_at BETWEEN ? AND ? AND rules.outcome = 'reverted' AND \(Self.saysTheSame)
            """,
            recent([query.groupID], since: hourBefore(query.eventTime))
                + [query.eventID, hourBefore(now), nowText] + arguments(rule)
        )
        let last: String? = counted?[1]
        past.reverts = counted?[0] ?? 0
        past.lastRevert = last.flatMap { RFC3339.parse($0) }
    }

    /// The time from which the limits of the group and the worker have room; nil if they have room now.
    func roomAt(_ query: PastQuery) throws -> Date? {
        var times: [Date] = []
        if let limit = query.limits.perGroup {
            times += try fullUntil(limit, "group_id = ?", [query.groupID], query).map { [$0] } ?? []
        }
        if let limit = query.limits.overall {
            times += try fullUntil(limit, "outcome = ?", ["reverted"], query).map { [$0] } ?? []
        }
        return times.max()
    }

    /// The time at which one of the last `limit` reverts is an hour old.
    private func fullUntil(
        _ limit: Int,
        _ condition: String,
        _ arguments: StatementArguments,
        _ query: PastQuery
    ) throws -> Date? {
        let found = try row(
            """
            SELECT finished_at FROM events JOIN rules USING (number)
            WHERE \(Self.isRecent(among: condition)) AND event_id <> ? AND finished_at BETWEEN ? AND ? AND rules.outcome = 'reverted'
            ORDER BY finished_at DESC LIMIT 1 OFFSET ?
            """,
            // What is dated later was written before the clock was set back.
            recent(arguments, since: hourBefore(query.eventTime, hours: 24))
                + [query.eventID, hourBefore(now), nowText, max(limit - 1, 0)]
        )
        let oldest: String? = found?[0]
        return oldest.flatMap { RFC3339.parse($0) }?.addingTimeInterval(3600)
    }

    /// The SQL condition for events that may have reverted rules lately: those since some time, and those that sg-revert made, which have
    /// the time since which their rule stood. It uses indexes, so that a ledger of years answers at once.
    private static func isRecent(among condition: String) -> String {
        """
        events.number IN (
            SELECT number FROM events WHERE \(condition) AND coalesce(event_time, '') >= ?
            UNION SELECT number FROM events WHERE \(condition) AND \(isOwn) AND finished_at >= ?)
        """
    }

    /// The arguments of that condition.
    private func recent(_ arguments: StatementArguments, since time: String) -> StatementArguments {
        arguments + [time] + arguments + [hourBefore(now)]
    }

    /// The time some hours before `time`, or before now if that is earlier.
    func hourBefore(_ time: Date?, hours: Double = 1) -> String {
        RFC3339.format(min(time ?? now, now).addingTimeInterval(-3600 * hours))
    }
}
