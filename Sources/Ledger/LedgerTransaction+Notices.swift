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
            RETURNING id, kind, event_id, account, region, group_id, payload, attempts
            """
        let arguments: StatementArguments = [text(after: lease), RFC3339.format(now), max(0, limit)]
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { taken in
            Notice(
                id: taken[0],
                kind: taken[1],
                eventID: taken[2],
                account: taken[3],
                region: taken[4],
                groupID: taken[5],
                payloads: [taken[6]],
                attempt: taken[7]
            )
        }
    }

    /// Puts something to tell that is no event's outcome into the outbox: an outage, a reminder. It does nothing where the
    /// id is known, so that a caller may tell the same thing twice.
    ///
    /// - Parameters:
    ///   - id: Stable, and the same for the same thing; not of the form of an event's, `event_id:outcome`.
    ///   - kind: One word that tells the text's writer what it is.
    ///   - payload: What the text is made from.
    package func addNotice(
        id: String,
        kind: String,
        account: String? = nil,
        region: String? = nil,
        groupID: String? = nil,
        payload: [String: AuditValue]
    ) throws {
        try run(
            """
            INSERT INTO notices (id, kind, account, region, group_id, due_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                id.bounded, kind.bounded, account?.bounded, region?.bounded, groupID?.bounded, RFC3339.format(now),
                JSON.object(payload.mapValues(JSON.init)).text,
            ]
        )
    }

    /// Records that a notice was sent. True also of one that another worker has taken meanwhile.
    package func noticeSent(_ notice: Notice) throws {
        try run(
            "UPDATE notices SET state = 'sent', sent_at = ? WHERE id = ? AND state = 'pending'",
            [RFC3339.format(now), notice.id]
        )
        guard db.changesCount > 0 else { return }
        try append(
            "notified",
            eventID: notice.eventID,
            ["id": .string(notice.id), "outcome": .string(notice.kind), "notified_at": .string(RFC3339.format(now))]
        )
    }

    /// Makes a notice that could not be sent due again after `retryAfter`, unless another worker has taken it
    /// meanwhile.
    package func noticeFailed(_ notice: Notice, error: String, retryAfter: Duration) throws {
        try run(
            """
            UPDATE notices SET due_at = ?, last_error = ?
            WHERE id = ? AND state = 'pending' AND attempts = ?
            """,
            [text(after: retryAfter), error.bounded, notice.id, notice.attempt]
        )
    }

    /// Puts the event as it now stands into the outbox, once for each outcome.
    func addNotice(of eventID: String, _ outcome: EventOutcome) throws {
        guard let event = try AuditQuery.event(eventID, in: db) else { return }
        let rules = try AuditQuery.rules(of: [eventID], in: db)[eventID] ?? []
        var payload = AuditEvent.columns.json(event.values)
        payload["rules"] = .array(rules.map { .object(AuditRule.columns.json($0.values)) })
        try run(
            """
            INSERT INTO notices (id, kind, event_id, account, region, group_id, due_at, payload)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                "\(eventID):\(outcome.rawValue)", outcome.rawValue, eventID, event["account"].text,
                event["region"].text, event["group_id"].text, RFC3339.format(now), JSON.object(payload).text,
            ]
        )
    }
}

extension [String] {
    /// The cells of these columns, as the members of a JSON object.
    func json(_ values: [AuditValue]) -> [String: JSON] {
        Dictionary(zip(self, values.map(JSON.init))) { first, _ in first }
    }
}
