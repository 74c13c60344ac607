import Formats
import Foundation
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// After a notice, the next one of its kind and group waits this long, so that many become one.
    static let noticePace: Duration = .seconds(60)
    /// The number of notices that a summary shows whole.
    static let shownPayloads = 20

    /// Takes up to `limit` notices that are due and that nobody is sending, the longest due first.
    ///
    /// The first notice of a group and kind goes at once. Those that come within a minute after it wait for its end and
    /// then go as one, with their count. Which notices go as one is kept, so that a second attempt tells of the same.
    ///
    /// - Parameter lease: For how long no other worker takes them. Whoever dies while sending leaves them due again
    ///   after it.
    package func takeNotices(limit: Int, lease: Duration) throws -> [Notice] {
        var taken: [Notice] = []
        while taken.count < limit, let first = try nextDue() {
            if let until = try waitUntil(first) {
                try run(
                    """
                    UPDATE notices SET due_at = ?
                    WHERE state = 'pending' AND due_at <= ? AND kind = ? AND coalesce(group_id, '') = ? AND told_in IS NULL
                        AND hold IS NULL
                    """,
                    [until, nowText, first.kind, first.group]
                )
                continue
            }
            if first.toldIn == nil { try gather(first) }
            taken.append(try take(first, lease: lease))
        }
        return taken
    }

    /// Records that a notice was sent. True also of one that another worker has taken meanwhile.
    package func noticeSent(_ notice: Notice) throws {
        let sql = """
            UPDATE notices SET state = 'sent', sent_at = ? WHERE (id = ? OR told_in = ?) AND state = 'pending'
            RETURNING id, kind, event_id
            """
        let sent = try Row.fetchAll(
            db.cachedStatement(sql: sql),
            arguments: [nowText, notice.id, notice.id]
        )
        for row in sent {
            let (id, kind, eventID): (String, String, String?) = (row[0], row[1], row[2])
            let before: Int64? = try eventID.flatMap {
                try self.row("SELECT last_seq FROM events WHERE event_id = ?", [$0])?[0]
            }
            let seq = try append(.notified, eventID: eventID, before: before) {
                $0.member("id", .text(id))
                $0.member("kind", .text(kind))
                $0.member("notified_at", .text(nowText))
            }
            if let eventID { try run("UPDATE events SET last_seq = ? WHERE event_id = ?", [seq, eventID]) }
        }
    }

    /// Makes a notice that could not be sent due again after `retryAfter`, unless another worker has taken it
    /// meanwhile.
    package func noticeFailed(_ notice: Notice, error: String, retryAfter: Duration) throws {
        try run(
            "UPDATE notices SET due_at = ?, last_error = ? WHERE id = ? AND state = 'pending' AND attempts = ?",
            [text(after: retryAfter), error.bounded, notice.id, notice.attempt]
        )
    }

    /// Adds a notice about something that is no event's outcome to the outbox, such as an outage or a reminder. It does
    /// nothing if the id is known, so that a caller may repeat it.
    ///
    /// - Parameters:
    ///   - id: A stable id, not of the form of an event's, `event_id:outcome`.
    ///   - kind: One word from which the text is chosen.
    ///   - payload: The values of the text.
    package func addNotice(
        id: String,
        kind: String,
        account: String? = nil,
        region: String? = nil,
        groupID: String? = nil,
        payload: [String: AuditValue]
    ) throws {
        var json = JSONWriter()
        json.object { for (name, value) in payload.sorted(by: { $0.key < $1.key }) { $0.member(name, value) } }
        try run(
            """
            INSERT INTO notices (id, kind, account, region, group_id, due_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [id.bounded, kind.bounded, account?.bounded, region?.bounded, groupID?.bounded, nowText, json.text]
        )
    }

    /// Puts the event as it now stands into the outbox, once for each outcome.
    ///
    /// - Parameter hold: Keeps the notice from being sent until it is released. A notice of an earlier run that still waits has this
    ///   hold from now on, because the table asks this run who tells of the outcome.
    func addNotice(of eventID: String, _ outcome: EventOutcome, hold: String? = nil) throws {
        guard let event = try AuditQuery.event(eventID, in: db) else { return }
        let rules = try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? []
        var json = JSONWriter(capacity: 1024)
        json.object {
            for (column, value) in zip(EventColumn.allCases, event.values) { $0.member(column.rawValue, value) }
            $0.array("rules") { for rule in rules { rule.write(to: &$0) } }
        }
        // Unreadable messages may name any group, so each would get a notification of its own.
        let group = outcome == .deadLettered ? nil : event[.groupID].text
        try run(
            """
            INSERT INTO notices (id, kind, event_id, account, region, group_id, due_at, payload, hold)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET hold = excluded.hold WHERE hold IS NOT NULL
            """,
            [
                "\(eventID):\(outcome.rawValue)", outcome.rawValue, eventID, event[.account].text,
                event[.region].text, group, nowText, json.text, hold,
            ]
        )
    }

    private struct DueNotice {
        let id: String
        let kind: String
        let group: String
        let hasEvent: Bool
        let toldIn: String?
    }

    private func nextDue() throws -> DueNotice? {
        let sql = """
            SELECT id, kind, coalesce(group_id, ''), event_id IS NOT NULL, told_in FROM notices
            WHERE state = 'pending' AND hold IS NULL AND due_at <= ? AND coalesce(told_in, id) = id ORDER BY due_at, rowid LIMIT 1
            """
        return try row(sql, [nowText]).map {
            DueNotice(id: $0[0], kind: $0[1], group: $0[2], hasEvent: $0[3], toldIn: $0[4])
        }
    }

    /// The time until which a notice waits because one of its kind and group was sent; nil if it may be sent now.
    private func waitUntil(_ notice: DueNotice) throws -> String? {
        guard notice.hasEvent, notice.toldIn == nil else { return nil }
        let found: String? = try row(
            "SELECT until FROM notice_pace WHERE kind = ? AND group_id = ?",
            [notice.kind, notice.group]
        )?[0]
        // A later time than the pace allows was written before the clock was set back.
        guard let found, found > nowText, found <= text(after: Self.noticePace) else { return nil }
        return found
    }

    /// Joins the waiting notices of the same kind and group to this one.
    private func gather(_ first: DueNotice) throws {
        guard first.hasEvent else { return try run("UPDATE notices SET told_in = id WHERE id = ?", [first.id]) }
        try run(
            """
            UPDATE notices SET told_in = ?1, due_at = iif(id = ?1, due_at, '9999')
            WHERE state = 'pending' AND due_at <= ?2 AND kind = ?3 AND coalesce(group_id, '') = ?4 AND told_in IS NULL
                AND event_id IS NOT NULL AND hold IS NULL
            """,
            [first.id, nowText, first.kind, first.group]
        )
        try run("DELETE FROM notice_pace WHERE until <= ?", [nowText])
        try run(
            "INSERT OR REPLACE INTO notice_pace (kind, group_id, until) VALUES (?, ?, ?)",
            [first.kind, first.group, text(after: Self.noticePace)]
        )
    }

    private func take(_ first: DueNotice, lease: Duration) throws -> Notice {
        try run(
            "UPDATE notices SET due_at = ?, attempts = attempts + 1 WHERE id = ?",
            [text(after: lease), first.id]
        )
        let count: Int = try row("SELECT count(*) FROM notices WHERE told_in = ?", [first.id])?[0] ?? 1
        let sql = "SELECT payload FROM notices WHERE told_in = ? ORDER BY rowid LIMIT ?"
        let payloads = try String.fetchAll(
            db.cachedStatement(sql: sql),
            arguments: [first.id, Self.shownPayloads]
        )
        guard
            let own = try row(
                "SELECT event_id, account, region, group_id, attempts FROM notices WHERE id = ?",
                [first.id]
            )
        else { throw LedgerError.damaged(path: path, detail: "a notice is gone in the transaction that took it") }
        return Notice(
            id: first.id,
            kind: first.kind,
            eventID: own[0],
            account: own[1],
            region: own[2],
            groupID: own[3],
            payloads: payloads,
            count: count,
            attempt: own[4]
        )
    }
}
