import Formats
import Foundation
import GRDB

/// Deliveries of notices, one for each channel, so that a channel that fails holds up no other.
///
/// A notice that is taken from the outbox is copied for each channel. The first delivery marks the notice as sent; the others
/// go on by themselves.
extension LedgerTransaction {
    /// How long a notice that was copied stays out of the outbox. It comes again only where no channel has delivered it.
    private static let copied: Duration = .seconds(3600)

    /// Takes up to `limit` notices that are due for `channel` and that nobody is sending.
    ///
    /// - Parameters:
    ///   - channels: every channel there is, for notices that are new.
    ///   - lease: For how long no other worker takes them.
    package func takeNotices(
        for channel: String,
        of channels: [String],
        limit: Int,
        lease: Duration
    ) throws -> [Notice] {
        for notice in try takeNotices(limit: limit, lease: lease) {
            try copy(notice, to: channels)
            try run("UPDATE notices SET due_at = ? WHERE id = ?", [text(after: Self.copied), notice.id])
        }
        let sql = """
            UPDATE notice_deliveries SET due_at = ?, attempts = attempts + 1
            WHERE rowid IN (SELECT rowid FROM notice_deliveries WHERE channel = ? AND due_at <= ? ORDER BY due_at LIMIT ?)
            RETURNING notice, attempts
            """
        let arguments: StatementArguments = [text(after: lease), channel, RFC3339.format(now), max(0, limit)]
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { taken in
            let json: String = taken[0]
            var notice = try JSONDecoder().decode(Notice.self, from: Data(json.utf8))
            notice.attempt = taken[1]
            return notice
        }
    }

    /// Records that a channel has delivered a notice.
    package func noticeSent(_ notice: Notice, for channel: String) throws {
        try run("DELETE FROM notice_deliveries WHERE notice_id = ? AND channel = ?", [notice.id, channel])
        try noticeSent(notice)
    }

    /// Makes a notice that a channel could not deliver due again for it after `retryAfter`.
    package func noticeFailed(
        _ notice: Notice,
        for channel: String,
        error: String,
        retryAfter: Duration
    ) throws {
        try run(
            """
            UPDATE notice_deliveries SET due_at = ?, last_error = ?
            WHERE notice_id = ? AND channel = ? AND attempts = ?
            """,
            [text(after: retryAfter), error.bounded, notice.id, channel, notice.attempt]
        )
        try run(
            "UPDATE notices SET last_error = ?, attempts = max(attempts, ?) WHERE id = ? AND state = 'pending'",
            ["\(channel): \(error)".bounded, notice.attempt, notice.id]
        )
    }

    private func copy(_ notice: Notice, to channels: [String]) throws {
        let json = String(decoding: try JSONEncoder().encode(notice), as: UTF8.self)
        for channel in channels {
            try run(
                """
                INSERT INTO notice_deliveries (notice_id, channel, due_at, notice) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [notice.id, channel.bounded, RFC3339.format(now), json]
            )
        }
    }
}
