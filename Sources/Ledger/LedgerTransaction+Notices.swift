import Formats
import Foundation
import GRDB
import SecurityGroups

extension LedgerTransaction {
    /// Takes up to `limit` notices that are due and that nobody is sending, the longest due first.
    ///
    /// - Parameter lease: For how long no other worker takes them. Whoever dies while sending leaves them due again
    ///   after it.
    package func takeNotices(limit: Int, lease: Duration) throws -> [Notice] {
        let sql = """
            UPDATE notices SET due_at = ?, attempts = attempts + 1
            WHERE rowid IN (SELECT rowid FROM notices WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT ?)
            RETURNING event_id, outcome, payload, attempts
            """
        let arguments: StatementArguments = [text(after: lease), RFC3339.format(now), max(0, limit)]
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { taken in
            let eventID: String = taken[0]
            let event = try row("SELECT account, region, group_id FROM events WHERE event_id = ?", [eventID])
            return Notice(
                eventID: eventID,
                outcome: try parse(taken[1]),
                account: event?[0],
                region: event?[1],
                groupID: event?[2],
                payload: taken[2],
                attempt: taken[3]
            )
        }
    }

    /// Records that a notice was sent. True also of one that another worker has taken meanwhile.
    package func noticeSent(_ notice: Notice) throws {
        try run(
            "UPDATE notices SET state = 'sent', sent_at = ? WHERE event_id = ? AND outcome = ? AND state = 'pending'",
            [RFC3339.format(now), notice.eventID, notice.outcome.rawValue]
        )
        guard db.changesCount > 0 else { return }
        try append(
            "notified",
            eventID: notice.eventID,
            ["outcome": .string(notice.outcome.rawValue), "notified_at": .string(RFC3339.format(now))]
        )
    }

    /// Makes a notice that could not be sent due again after `retryAfter`, unless another worker has taken it
    /// meanwhile.
    package func noticeFailed(_ notice: Notice, error: String, retryAfter: Duration) throws {
        try run(
            """
            UPDATE notices SET due_at = ?, last_error = ?
            WHERE event_id = ? AND outcome = ? AND state = 'pending' AND attempts = ?
            """,
            [text(after: retryAfter), error.bounded, notice.eventID, notice.outcome.rawValue, notice.attempt]
        )
    }

    /// How many notices are still to be sent, due or not.
    package func pendingNoticeCount() throws -> Int {
        try row("SELECT count(*) FROM notices WHERE state = 'pending'", [])?[0] ?? 0
    }

    /// Puts the event as it now stands into the outbox, once for each outcome.
    func addNotice(of eventID: String, _ outcome: EventOutcome) throws {
        guard let event = try AuditQuery.event(eventID, in: db) else { return }
        let rules = try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? []
        var payload = AuditEvent.columns.json(event.values)
        payload["rules"] = .array(rules.map { .object(AuditRule.columns.json($0.values)) })
        try run(
            "INSERT INTO notices (event_id, outcome, due_at, payload) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [eventID, outcome.rawValue, RFC3339.format(now), JSON.object(payload).text]
        )
    }
}

extension [String] {
    /// The cells of these columns, as the members of a JSON object.
    func json(_ values: [AuditValue]) -> [String: JSON] {
        Dictionary(zip(self, values.map(JSON.init))) { first, _ in first }
    }
}
