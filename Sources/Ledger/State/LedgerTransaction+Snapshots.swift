import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// Snapshots of the rules that stand in watched groups.
extension LedgerTransaction {
    /// The tables of snapshots.
    ///
    /// The time of the last read is stored once for each group, so that a snapshot without changes writes very little. The row of
    /// a group stays when the group is gone: if the group comes back, its rules are not a new baseline.
    static let snapshotsSchema = """
        CREATE TABLE group_snapshots (
            group_id TEXT PRIMARY KEY NOT NULL,
            place TEXT NOT NULL,                    -- account and Region that were asked
            action TEXT NOT NULL,                   -- of the watch entry: revert or report
            looked_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE moments (                      -- when something was last done
            name TEXT PRIMARY KEY NOT NULL,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE leases (                       -- work that one worker at a time does
            name TEXT PRIMARY KEY NOT NULL,
            holder TEXT NOT NULL,
            until TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// Stores a look at one group: new rules, rules that are gone, and rules that the policy now allows.
    ///
    /// - Parameters:
    ///   - unread: The prefix lists that could not be read. Known rules with such a list do not change.
    ///   - readAt: The time at which EC2 was asked.
    ///   - settle: The settle time: for so long after an event's run, EC2 may still show the earlier state.
    /// - Returns: The changes that were written.
    @discardableResult
    package func keep(
        _ look: GroupLook,
        place: String,
        policy: Policy,
        lists: PrefixLists = .unknown,
        unread: Set<String> = [],
        readAt: Date,
        settle: Duration
    ) throws -> SnapshotDiff {
        let groupID = look.group.id.description
        let isFirstSight = try row("SELECT 1 FROM group_snapshots WHERE group_id = ?", [groupID]) == nil
        try correctFutureTimes(in: groupID)
        let freshFrom = RFC3339.format(readAt.addingTimeInterval(-(settle / .seconds(1))))
        let known = try knownRules(in: groupID, shown: look.rules.map(\.id.description), freshFrom: freshFrom)
        let diff = SnapshotDiff(
            of: try withoutReverted(look, known, since: freshFrom),
            known: known,
            isFirstSight: isFirstSight,
            policy: policy,
            lists: lists,
            unread: unread
        )
        try run(
            """
            INSERT INTO group_snapshots (group_id, place, action, looked_at) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET place = excluded.place, action = excluded.action, looked_at = excluded.looked_at
            """,
            [groupID, place, look.group.watch.action.rawValue, nowText]
        )
        for id in diff.vanished { try markGone(id.description, in: groupID) }
        for rule in diff.appeared { try add(rule, look.group) }
        for rule in diff.updated { try update(rule, in: groupID) }
        return diff
    }

    /// Sets times in the future to now. They were written before the clock was set back. A rule with such a time would not be swept
    /// until then, and its baseline would seem newer than each edit.
    private func correctFutureTimes(in groupID: String) throws {
        try run(
            """
            UPDATE sightings SET first_seen = min(first_seen, ?), stood_from = min(stood_from, ?)
            WHERE group_id = ? AND gone_at IS NULL AND stood_from > ?
            """,
            [nowText, nowText, groupID, nowText]
        )
    }

    /// Records that the rules of groups are gone, for groups that EC2 does not show any more.
    ///
    /// - Parameters:
    ///   - asked: The groups that EC2 was asked for; nil for all groups of the place.
    ///   - shown: The groups that EC2 shows.
    package func keepGoneGroups(place: String, asked: Set<String>?, shown: Set<String>) throws {
        let known = try String.fetchAll(
            db.cachedStatement(sql: "SELECT group_id FROM group_snapshots WHERE place = ?"),
            arguments: [place]
        )
        for groupID in known where !shown.contains(groupID) && asked?.contains(groupID) != false {
            try run(
                "UPDATE sightings SET gone_at = ? WHERE group_id = ? AND gone_at IS NULL",
                [nowText, groupID]
            )
        }
    }

    /// The name of the moment up to which early snapshots are asked for: one that begins before it is followed by another.
    package static let snapshotWanted = "snapshot-wanted"

    /// The time at which something was last done; nil if it was never done.
    package func moment(_ name: String) throws -> Date? {
        let text: String? = try row("SELECT at FROM moments WHERE name = ?", [name])?[0]
        return text.flatMap { RFC3339.parse($0) }
    }

    /// Records that something was done at `time`; by default now.
    package func mark(_ name: String, at time: Date? = nil) throws {
        try run(
            "INSERT INTO moments (name, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
            [name, time.map(RFC3339.format) ?? nowText]
        )
    }

    /// Takes or renews the lease `name` for `holder`, unless another holds it.
    ///
    /// A lease that ends later than a minute from now, and than `duration`, was written by a clock that ran ahead. It counts as ended.
    ///
    /// - Returns: True if `holder` has it now.
    package func takeLease(_ name: String, holder: String, for duration: Duration) throws -> Bool {
        try run(
            """
            INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until
            WHERE holder = excluded.holder OR until <= ? OR until > ?
            """,
            [name, holder, text(after: duration), nowText, text(after: max(duration, .seconds(60)))]
        )
        return db.changesCount > 0
    }

    /// Forgets when something was last done.
    package func unmark(_ name: String) throws {
        try run("DELETE FROM moments WHERE name = ?", [name])
    }

    /// The look without the rules that an event has just reverted, and that the ledger knows only from that event: EC2 showed them
    /// before the revert, or still shows them.
    private func withoutReverted(_ look: GroupLook, _ known: [KnownRule], since: String) throws -> GroupLook {
        let unknown = Set(look.rules.map(\.id)).subtracting(known.map(\.id))
        guard !unknown.isEmpty else { return look }
        let reverted = try String.fetchSet(
            db.cachedStatement(
                sql: """
                    SELECT rule_id FROM events JOIN rules USING (number)
                    WHERE events.group_id = ? AND coalesce(events.event_time, '') >= ?
                        AND coalesce(finished_at, '9999') >= ? AND rules.outcome = 'reverted' AND rule_id IS NOT NULL
                    """
            ),
            arguments: [look.group.id.description, hourBefore(nil, hours: 24), since]
        )
        guard !reverted.isEmpty else { return look }
        let rules = look.rules.filter { !unknown.contains($0.id) || !reverted.contains($0.id.description) }
        return GroupLook(group: look.group, rules: rules)
    }

    private func knownRules(in groupID: String, shown: [String], freshFrom: String) throws -> [KnownRule] {
        let columns = """
            SELECT rule_id, direction, protocol, from_port, to_port, source, description, peer_owner, known_by, approved_by,
                gone_at IS NOT NULL, event_id IS NOT NULL AND max(stood_from, coalesce(gone_at, '')) >= ?,
                approver_arn, approver_service, approver_identity, approved_event_time, gone_at
            FROM sightings WHERE group_id = ?
            """
        var rows = try Row.fetchAll(
            db.cachedStatement(
                sql: "\(columns) AND rule_id IN (SELECT rule_id FROM sightings WHERE group_id = ? AND gone_at IS NULL)"
            ),
            arguments: [freshFrom, groupID, groupID]
        )
        let found = Set(rows.map { $0[0] as String })
        for id in shown where !found.contains(id) {
            rows += try Row.fetchAll(
                db.cachedStatement(sql: "\(columns) AND rule_id = ?"),
                arguments: [freshFrom, groupID, id]
            )
        }
        return try rows.compactMap(knownRule)
    }

    private func knownRule(_ row: Row) throws -> KnownRule? {
        guard let id = SecurityGroupRuleID(row[0] as String), let content = try content(in: row, from: 1) else {
            return nil
        }
        let (time, goneAt): (String?, String?) = (row[15], row[16])
        return KnownRule(
            id: id,
            content: content,
            knownBy: try parse(row[8]),
            approvedBy: row[9],
            maker: Caller(issuerARN: row[12], invokedBy: row[13], sourceIdentity: row[14]),
            madeAt: time.flatMap { RFC3339.parse($0) },
            isGone: row[10],
            goneAt: goneAt.flatMap { RFC3339.parse($0) },
            isFresh: row[11]
        )
    }

    private func add(_ appearance: SnapshotDiff.Appearance, _ group: WatchedGroup) throws {
        let rule = appearance.rule
        try markGone(rule.id.description, in: group.id.description)
        if appearance.isUndoing { try endApproval(of: rule.rule, rule.id, in: group.id) }
        try run(
            """
            INSERT INTO sightings (group_id, rule_id, direction, protocol, from_port, to_port, source, account, region,
                description, peer_owner, first_seen, last_seen, stood_from, known_by, approved_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET gone_at = NULL, last_seen = excluded.last_seen, stood_from = excluded.stood_from,
                description = excluded.description, peer_owner = excluded.peer_owner, approved_by = excluded.approved_by
            """,
            [group.id.description, rule.id.description] + arguments(rule.rule) + [
                rule.ownerID ?? group.facts.account, group.facts.region ?? "", rule.ruleDescription?.bounded,
                rule.content.peerOwner, nowText, nowText, nowText, appearance.knownBy.rawValue,
                appearance.approvedBy?.bounded,
            ]
        )
    }

    private func update(_ update: SnapshotDiff.Update, in groupID: String) throws {
        let rule = update.rule
        try run(
            """
            UPDATE sightings SET approved_by = ?, description = ?, peer_owner = ?
            WHERE group_id = ? AND rule_id = ? AND direction = ? AND protocol = ? AND from_port = ? AND to_port = ?
                AND source = ?
            """,
            [
                update.approvedBy?.bounded, rule.ruleDescription?.bounded, rule.content.peerOwner, groupID,
                rule.id.description,
            ] + arguments(rule.rule)
        )
    }

    private func markGone(_ ruleID: String, in groupID: String) throws {
        try run(
            "UPDATE sightings SET gone_at = ? WHERE group_id = ? AND rule_id = ? AND gone_at IS NULL",
            [nowText, groupID, ruleID]
        )
    }
}
