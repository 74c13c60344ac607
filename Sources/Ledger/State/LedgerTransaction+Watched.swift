import Formats
import Foundation
import GRDB
package import SecurityGroups

/// A group as EC2 showed it to a worker.
package struct WatchSighting: Hashable, Sendable {
    /// The group's id.
    package let groupID: String
    /// The group's account; nil if it is not known.
    package let account: String?
    /// The group's Region.
    package let region: String
    /// The name and tags by which the policy watches the group; nil if it does not watch it by name or tags.
    package let facts: WatchedFacts?
    /// The event that made the worker look; nil for a snapshot.
    package let eventID: String?
    /// The caller of a call that changed the group's tags; nil if the event is about something else.
    package let taggedBy: String?

    /// Creates a sighting.
    package init(
        groupID: String,
        account: String?,
        region: String,
        facts: WatchedFacts?,
        eventID: String?,
        taggedBy: String? = nil
    ) {
        self.groupID = groupID
        self.account = account
        self.region = region
        self.facts = facts
        self.eventID = eventID
        self.taggedBy = taggedBy
    }
}

/// The groups that have matched the policy by name or tags, as the ledger remembers them.
extension LedgerTransaction {
    /// The table. A row is one name and set of tags with which a group matched; `ended_at` is null while EC2 shows them.
    static let watchedSchema = """
        CREATE TABLE watched_groups (
            group_id TEXT NOT NULL,
            name TEXT NOT NULL,                     -- '' where the policy asks for no names
            tags TEXT NOT NULL,                     -- JSON object of the tags that the policy names
            since TEXT NOT NULL,
            ended_at TEXT,
            PRIMARY KEY (group_id, name, tags)
        ) STRICT, WITHOUT ROWID;
        """

    /// The number of names and sets of tags of a group beyond which those that decide nothing are forgotten.
    private static let mostRows = 50

    /// Records how EC2 shows a group. Returns the names and sets of tags with which the group matched within 28 days.
    ///
    /// If the group matched until now and does not match any more, this is noted in the trail and people are told.
    ///
    /// Whoever may change tags can make the group match in ever new ways. Beyond 50 of them, the ledger forgets a way if the policy
    /// gives the same answers for one that EC2 showed later. So nobody can make it forget that the group was watched.
    ///
    /// - Parameters:
    ///   - notifies: False if there is nowhere to send a notice to.
    ///   - answers: The answers of the policy for a name and tags of the group.
    package func watched(
        _ sighting: WatchSighting,
        notifies: Bool,
        answers: (WatchedFacts) -> [WatchAnswer]
    ) throws -> [WatchedFacts] {
        var rows = try watchedRows(of: sighting.groupID)
        let horizon = RFC3339.format(now.addingTimeInterval(-LedgerDatabase.dedupeHorizon))
        let key = sighting.facts.map {
            WatchedRow(name: $0.name?.bounded ?? "", tags: Self.json($0.tags), endedAt: nil)
        }
        for index in rows.indices {
            let isShown = key.map { rows[index].isSame(as: $0) } ?? false
            if isShown, rows[index].endedAt != nil {
                try set(nil, rows[index], sighting.groupID)
                rows[index].endedAt = nil
            } else if !isShown, rows[index].endedAt == nil {
                try set(nowText, rows[index], sighting.groupID)
                if key == nil { try tell(of: rows[index], sighting, notifies: notifies) }
                rows[index].endedAt = nowText
            } else if let ended = rows[index].endedAt, ended < horizon {
                try forget(rows[index], sighting.groupID)
            }
        }
        rows.removeAll { ($0.endedAt ?? "9") < horizon }
        if let key, !rows.contains(where: { $0.isSame(as: key) }) {
            try run(
                "INSERT INTO watched_groups (group_id, name, tags, since) VALUES (?, ?, ?, ?)",
                [sighting.groupID, key.name, key.tags, nowText]
            )
            rows.append(key)
        }
        if rows.count > Self.mostRows {
            for row in spare(rows, answers).prefix(rows.count - Self.mostRows) {
                try forget(row, sighting.groupID)
                rows.removeAll { $0.isSame(as: row) }
            }
        }
        return rows.map(\.facts)
    }

    /// The rows with the answers of another row that EC2 showed later, the oldest first.
    private func spare(_ rows: [WatchedRow], _ answers: (WatchedFacts) -> [WatchAnswer]) -> [WatchedRow] {
        var given: Set<[WatchAnswer]> = []
        return rows.sorted { $0.endedAt ?? "9" > $1.endedAt ?? "9" }
            .filter { !given.insert(answers($0.facts)).inserted }
            .reversed()
    }

    private func forget(_ row: WatchedRow, _ groupID: String) throws {
        try run(
            "DELETE FROM watched_groups WHERE group_id = ? AND name = ? AND tags = ?",
            [groupID, row.name, row.tags]
        )
    }

    private func watchedRows(of groupID: String) throws -> [WatchedRow] {
        let sql = "SELECT name, tags, ended_at FROM watched_groups WHERE group_id = ? ORDER BY since"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [groupID]).map {
            WatchedRow(name: $0[0], tags: $0[1], endedAt: $0[2])
        }
    }

    private func set(_ endedAt: String?, _ row: WatchedRow, _ groupID: String) throws {
        try run(
            "UPDATE watched_groups SET ended_at = ? WHERE group_id = ? AND name = ? AND tags = ?",
            [endedAt, groupID, row.name, row.tags]
        )
    }

    /// Notes that a group stopped matching the policy, and tells people.
    private func tell(of row: WatchedRow, _ sighting: WatchSighting, notifies: Bool) throws {
        var payload: [String: AuditValue] = [
            "group_id": .text(sighting.groupID), "matched_by": .text(row.words),
            "watched_until": .text(RFC3339.format(now.addingTimeInterval(Policy.watchMemory))),
        ]
        if let eventID = sighting.eventID { payload["seen_in_event"] = .text(eventID.bounded) }
        if let who = sighting.taggedBy { payload["tags_changed_by"] = .text(who.bounded) }
        var entry = payload
        entry["what"] = .text("watch-ended")
        try note(entry: entry)
        guard notifies else { return }
        payload["group_id"] = nil
        try addNotice(
            id: "watch-ended:\(sighting.groupID):\(nowText)",
            kind: "watch-ended",
            account: sighting.account,
            region: sighting.region,
            groupID: sighting.groupID,
            payload: payload
        )
    }

    private static func json(_ tags: [String: String]) -> String {
        var json = JSONWriter()
        json.object { for (key, value) in tags.sorted(by: { $0.key < $1.key }) { $0.member(key, .text(value)) } }
        return json.text
    }
}

/// One row of the table.
private struct WatchedRow {
    let name: String
    let tags: String
    var endedAt: String?

    func isSame(as other: Self) -> Bool { name == other.name && tags == other.tags }

    var facts: WatchedFacts {
        WatchedFacts(
            name: name.isEmpty ? nil : name,
            tags: decodedTags,
            endedAt: endedAt.flatMap { RFC3339.parse($0) }
        )
    }

    private var decodedTags: [String: String] {
        (try? JSON.object(tags))?.compactMapValues(\.string) ?? [:]
    }

    /// The name and the tags, as a notice shows them.
    var words: String {
        let tags = decodedTags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ((name.isEmpty ? [] : ["name \(name)"]) + tags).joined(separator: ", ")
    }
}
