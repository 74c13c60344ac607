import Formats
package import Foundation
import GRDB

/// Somebody who sent messages, as SQS attests it.
package struct SeenSender: Hashable, Sendable {
    /// The `SenderId`; of a role's session the id of the role.
    package let id: String
    /// When a message of this sender last came, to the hour.
    package let lastSeen: Date
}

extension LedgerTransaction {
    /// The number of senders that are remembered.
    private static let senderLimit = 1000

    /// Remembers that a message of `sender` came.
    package func saw(sender: String) throws {
        let count = try row("SELECT count(*) FROM senders", [])?[0] as Int64? ?? 0
        let sql =
            count < Self.senderLimit
            ? """
            INSERT INTO senders (sender, first_seen, last_seen) VALUES (?1, ?2, ?2)
            ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen
            """ : "UPDATE senders SET last_seen = ?2 WHERE sender = ?1"
        try run(sql, [sender.bounded(to: 200), nowText])
    }
}

extension LedgerReader {
    /// The senders of the messages that the workers of this ledger received, the latest first.
    package func senders() throws -> [SeenSender] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT sender, last_seen FROM senders ORDER BY last_seen DESC, sender").map {
                row in
                let time: String = row[1]
                return SeenSender(id: row[0], lastSeen: RFC3339.parse(time) ?? .distantPast)
            }
        }
    }
}
