import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// Temporary exemptions.
extension LedgerTransaction {
    static let exemptionsSchema = """
        CREATE TABLE exemptions (
            id TEXT PRIMARY KEY NOT NULL,
            principal TEXT NOT NULL,
            group_id TEXT,
            starts_at TEXT NOT NULL,
            until TEXT NOT NULL,
            after TEXT NOT NULL,                    -- revert or leave
            remind_seconds INTEGER,
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            ended_at TEXT,                          -- by a person, before its time
            ended_by TEXT,
            shared_at TEXT                          -- when this ledger first knew that the shared table has it
        ) STRICT, WITHOUT ROWID;
        """

    /// Begins a temporary exemption, and tells people. If the shared table has it, too, one host of the fleet tells them instead.
    ///
    /// An exemption that the ledger has already does not change. A worker may have read it in the table first.
    package func add(_ exemption: TemporaryExemption) throws {
        guard try row("SELECT 1 FROM exemptions WHERE id = ? AND shared_at IS NOT NULL", [exemption.id]) == nil else {
            return
        }
        try run(
            """
            INSERT INTO exemptions
                (id, principal, group_id, starts_at, until, after, remind_seconds, reason, made_by, shared_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                exemption.id, exemption.principal.bounded, exemption.groupID, RFC3339.format(exemption.from),
                RFC3339.format(exemption.until), exemption.then.rawValue, exemption.remind?.components.seconds,
                exemption.reason.bounded, exemption.madeBy.bounded, exemption.sharedAt.map(RFC3339.format),
            ]
        )
        try note(kind: .exemption, entry: facts(exemption, "begun"))
        guard exemption.sharedAt == nil else { return }
        try addNotice(
            id: exemption.exemption.noticeID(.begun),
            kind: ExemptionNotice.begun.kind,
            groupID: exemption.groupID,
            payload: facts(exemption, "begun")
        )
    }

    /// Ends a temporary exemption, and tells people. If the shared table has it, too, one host of the fleet tells them instead.
    ///
    /// - Parameter time: The time at which it ended; nil for now.
    /// - Returns: The exemption; nil if there is none with this id, or if it has ended.
    package func endExemption(_ id: String, by person: String, at time: Date? = nil) throws -> TemporaryExemption? {
        guard let exemption = try exemptions().first(where: { $0.id == id }), exemption.end > now else { return nil }
        let ended = try end(exemption, by: person, at: time ?? now)
        if ended.sharedAt == nil { try tell(.ended, of: ended.exemption) }
        return ended
    }

    private func end(_ exemption: TemporaryExemption, by person: String, at time: Date) throws -> TemporaryExemption {
        var exemption = exemption
        exemption.endedAt = time
        exemption.endedBy = person.bounded
        try run(
            "UPDATE exemptions SET ended_at = ?, ended_by = ? WHERE id = ?",
            [RFC3339.format(time), exemption.endedBy, exemption.id]
        )
        try note(kind: .exemption, entry: facts(exemption, "ended"))
        return exemption
    }

    /// Copies the exemptions of the shared table into the ledger.
    ///
    /// An exemption that has ended in the table ends in the ledger. An exemption that somebody removed from the table ends in the
    /// ledger, too. An exemption that only this ledger has does not change.
    ///
    /// - Parameter readAt: The time at which the read of the table began.
    package func learn(_ shared: [TemporaryExemption], readAt: Date) throws {
        let known = Dictionary(try exemptions().map { ($0.id, $0) }) { $1 }
        for exemption in shared {
            if let known = known[exemption.id] {
                // The texts are compared, because a time loses its last bits when it is written and read again.
                guard let endedAt = exemption.endedAt, RFC3339.format(exemption.end) < RFC3339.format(known.end) else {
                    continue
                }
                _ = try end(known, by: exemption.endedBy ?? "somebody", at: endedAt)
            } else if exemption.end > now.addingTimeInterval(-LedgerDatabase.dedupeHorizon) {
                var new = exemption
                new.sharedAt = now
                try add(new)
                if let endedAt = new.endedAt { _ = try end(new, by: new.endedBy ?? "somebody", at: endedAt) }
            }
        }
        let ids = Set(shared.map(\.id))
        for exemption in known.values.sorted(by: { $0.id < $1.id }) where !ids.contains(exemption.id) {
            // The command writes into the table first, so a read that began after that write has seen the exemption.
            guard let sharedAt = exemption.sharedAt, sharedAt < readAt, exemption.end > now else { continue }
            _ = try end(exemption, by: "removal from the table", at: now)
        }
    }

    /// The exemptions of the shared table that began or ended within the last day. One host of the fleet tells people of each.
    package func sharedExemptions() throws -> [Exemption] {
        try exemptions().filter { $0.sharedAt != nil && $0.end > now.addingTimeInterval(-86_400) }.map(\.exemption)
    }

    /// All temporary exemptions that were ever written, the oldest first.
    package func exemptions() throws -> [TemporaryExemption] { try Self.exemptions(in: db) }

    /// The exemptions by which a late or replayed event may still be judged.
    package func exemptionsInForce() throws -> [Exemption] {
        try exemptions().filter { $0.end > now.addingTimeInterval(-LedgerDatabase.dedupeHorizon) }.map(\.exemption)
    }

    /// Tells people once that an exemption has begun, ends soon or has ended.
    package func tell(_ notice: ExemptionNotice, of exemption: Exemption) throws {
        try addNotice(
            id: exemption.noticeID(notice),
            kind: notice.kind,
            groupID: exemption.groups?.count == 1 ? exemption.groups?.first : nil,
            payload: [
                "exemption": .text(exemption.origin), "until": .text(exemption.until.map(RFC3339.format) ?? ""),
                "then": .text(exemption.then.rawValue),
            ]
        )
    }

    private func facts(_ exemption: TemporaryExemption, _ state: String) -> [String: AuditValue] {
        var facts: [String: AuditValue] = [
            "id": .text(exemption.id), "principal": .text(exemption.principal),
            "until": .text(RFC3339.format(exemption.end)),
            "then": .text(exemption.then.rawValue), "reason": .text(exemption.reason),
            "made_by": .text(exemption.madeBy),
            "state": .text(state),
        ]
        if let group = exemption.groupID { facts["group_id"] = .text(group) }
        if let person = exemption.endedBy { facts["ended_by"] = .text(person) }
        return facts
    }

    static func exemptions(in db: Database) throws -> [TemporaryExemption] {
        let sql = """
            SELECT id, principal, group_id, starts_at, until, after, remind_seconds, reason, made_by, ended_at, ended_by,
                shared_at
            FROM exemptions ORDER BY starts_at, id
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql)).map { row in
            let seconds: Int64? = row[6]
            let ended: String? = row[9]
            let shared: String? = row[11]
            return TemporaryExemption(
                id: row[0],
                principal: row[1],
                groupID: row[2],
                from: RFC3339.parse(row[3] as String) ?? .distantFuture,
                until: RFC3339.parse(row[4] as String) ?? .distantPast,
                then: Exemption.End(rawValue: row[5] as String) ?? .leave,
                remind: seconds.map { .seconds($0) },
                reason: row[7],
                madeBy: row[8],
                endedAt: ended.flatMap { RFC3339.parse($0) },
                endedBy: row[10],
                sharedAt: shared.flatMap { RFC3339.parse($0) }
            )
        }
    }
}

/// The notices about an exemption that people get.
package enum ExemptionNotice: String, Sendable {
    /// It holds from now on.
    case begun
    /// It ends soon.
    case reminder
    /// It has ended.
    case ended

    fileprivate var kind: String { self == .reminder ? rawValue : "exemption-\(rawValue)" }
}

extension Exemption {
    /// The id of a notice, the same on every host.
    package func noticeID(_ notice: ExemptionNotice) -> String {
        if notice == .begun { return "exemption:\(name ?? origin):begun" }
        return "exemption:\(name ?? origin):\(until.map(RFC3339.format) ?? ""):\(notice.rawValue)"
    }
}
