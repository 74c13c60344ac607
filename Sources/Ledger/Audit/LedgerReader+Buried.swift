import GRDB

extension LedgerReader {
    /// The number of the trail's last entry; 0 where it is empty.
    package func lastEntry() throws -> Int64 {
        try read { try Int64.fetchOne($0, sql: "SELECT max(seq) FROM trail") ?? 0 }
    }

    /// The reason for which a message without an event of its own became a dead letter; nil if the trail has none after
    /// the entry `seq`.
    package func burialReason(ofMessage id: String, after seq: Int64) throws -> String? {
        try read { db in
            let sql =
                "SELECT \(TrailEntry.columns) FROM trail WHERE seq > ? AND kind = ? AND event_id IS NULL ORDER BY seq"
            let rows = try Row.fetchCursor(db, sql: sql, arguments: [seq, TrailKind.deadLettered.rawValue])
            while let row = try rows.next() {
                guard let fields = try? TrailEntry(row).fields(), fields["message_id"] == .string(id) else { continue }
                if case .string(let reason)? = fields["reason"] { return reason }
            }
            return nil
        }
    }
}
