import Formats
import Foundation
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
            ended_by TEXT
        ) STRICT, WITHOUT ROWID;
        """

    /// Begins a temporary exemption, and has people told.
    package func add(_ exemption: TemporaryExemption) throws {
        try run(
            """
            INSERT INTO exemptions (id, principal, group_id, starts_at, until, after, remind_seconds, reason, made_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                exemption.id, exemption.principal.bounded, exemption.groupID, RFC3339.format(exemption.from),
                RFC3339.format(exemption.until), exemption.then.rawValue, exemption.remind?.components.seconds,
                exemption.reason.bounded, exemption.madeBy.bounded,
            ]
        )
        try note(kind: .exemption, entry: facts(exemption, "begun"))
        try addNotice(
            id: "exemption:\(exemption.id):begun",
            kind: "exemption-begun",
            groupID: exemption.groupID,
            payload: facts(exemption, "begun")
        )
    }

    /// Ends a temporary exemption now.
    ///
    /// - Returns: the exemption; nil where there is none of this id, or it has ended.
    package func endExemption(_ id: String, by person: String) throws -> TemporaryExemption? {
        guard var exemption = try exemptions().first(where: { $0.id == id }), exemption.end > now else { return nil }
        exemption.endedAt = now
        exemption.endedBy = person.bounded
        try run("UPDATE exemptions SET ended_at = ?, ended_by = ? WHERE id = ?", [nowText, person.bounded, id.bounded])
        try note(kind: .exemption, entry: facts(exemption, "ended"))
        try tell(.ended, of: exemption.exemption)
        return exemption
    }

    /// All temporary exemptions that were ever written, the oldest first.
    package func exemptions() throws -> [TemporaryExemption] { try Self.exemptions(in: db) }

    /// Those that a late or replayed event may still be judged by.
    package func exemptionsInForce() throws -> [Exemption] {
        try exemptions().filter { $0.end > now.addingTimeInterval(-LedgerDatabase.dedupeHorizon) }.map(\.exemption)
    }

    /// Has people told, once, of what becomes of an exemption.
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
            SELECT id, principal, group_id, starts_at, until, after, remind_seconds, reason, made_by, ended_at, ended_by
            FROM exemptions ORDER BY starts_at, id
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql)).map { row in
            let seconds: Int64? = row[6]
            let ended: String? = row[9]
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
                endedBy: row[10]
            )
        }
    }
}

/// What people are told of an exemption.
package enum ExemptionNotice: String, Sendable {
    /// It ends soon.
    case reminder
    /// It has ended.
    case ended

    fileprivate var kind: String { self == .ended ? "exemption-ended" : rawValue }
}

extension Exemption {
    /// The id of a notice, the same on every host.
    package func noticeID(_ notice: ExemptionNotice) -> String {
        "exemption:\(name ?? origin):\(until.map(RFC3339.format) ?? ""):\(notice.rawValue)"
    }
}
