import Foundation
import GRDB
package import SecurityGroups

extension LedgerTransaction {
    /// The notices that have waited for the shared table for at least `age`, the oldest first, at most 100.
    package func heldNotices(olderThan age: Duration) throws -> [HeldNotice] {
        let sql = """
            SELECT event_id, kind, hold FROM notices
            WHERE hold IS NOT NULL AND event_id IS NOT NULL AND due_at <= ? ORDER BY due_at, rowid LIMIT 100
            """
        let rows = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [text(after: .zero - age)])
        return try rows.compactMap { row in
            let hold: String = row[2]
            guard let shared = SharedClaim(text: hold) else { return nil }
            return HeldNotice(eventID: row[0], outcome: try parse(row[1]), shared: shared)
        }
    }

    /// Lets the notice of an event's outcome that waits for the shared table wait under another claim.
    ///
    /// - Returns: The id of the event in the ledger; nil where no notice waits.
    package func holdNotices(
        of event: EventFacts,
        _ outcome: EventOutcome,
        for claim: SharedClaim
    ) throws -> String? {
        guard let eventID = try knownEvent(of: event, isConflict: claim.isConflict)?.eventID else { return nil }
        try run(
            "UPDATE notices SET hold = ? WHERE event_id = ? AND kind = ? AND hold IS NOT NULL",
            [claim.text, eventID, outcome.rawValue]
        )
        return db.changesCount > 0 ? eventID : nil
    }

    /// Lets the notices of an event that wait under this claim go out. Notices of other runs of the event wait on.
    package func releaseNotices(of eventID: String, under claim: SharedClaim) throws {
        try run("UPDATE notices SET hold = NULL WHERE event_id = ? AND hold = ?", [eventID, claim.text])
    }

    /// Drops the notices of an event that wait under this claim, because another host has told the outcome.
    package func dropNotices(of eventID: String, under claim: SharedClaim) throws {
        let dropped = try String.fetchAll(
            db.cachedStatement(sql: "DELETE FROM notices WHERE event_id = ? AND hold = ? RETURNING id"),
            arguments: [eventID, claim.text]
        )
        for id in dropped {
            try note(entry: ["notice": .text(id), "said": .text("another host took the event over and told of it")])
        }
    }

    /// Counts a delivery of an event that another host has done; nothing where this ledger does not know the event.
    package func countDuplicate(_ delivery: Delivery, of event: EventFacts) throws {
        let original = try event.originalEventID.flatMap(knownEvent)
        guard let known = try original ?? knownEvent(of: event, isConflict: false) else { return }
        try count(delivery, of: known)
    }
}
