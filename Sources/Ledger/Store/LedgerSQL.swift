/// The statements of the write path. Each is compiled once for a connection; values are bound, never part of the text.
///
/// The names of columns come from the lists of `StoredColumn`.
enum LedgerSQL: Int, CaseIterable {
    case head, append
    case insertEvent, knownEvent, takeEvent, remember, renew, release
    case addDelivery, countDelivery
    case heldEvent, finishReplacing, finishKeeping, deleteRules, insertRule, insertOwnCall, ownCall
    case journalMode

    /// The text of the statement.
    var text: String { Self.texts[rawValue] }

    private static let texts = allCases.map(\.written)

    private var written: String {
        switch self {
        case .head: "SELECT seq, hash FROM trail ORDER BY seq DESC LIMIT 1"
        case .append:
            "INSERT INTO trail (\(TrailEntry.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        case .insertEvent: Self.insertion
        case .knownEvent:
            """
            SELECT number, digest, outcome, fence, attempts, replay_count, lease_until, matched_rule_ids, message_id, last_seq
            FROM events WHERE event_id = ?
            """
        case .takeEvent: Self.takeover
        case .remember:
            "UPDATE events SET matched_rule_ids = ? WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL"
        case .renew: "UPDATE events SET lease_until = ? WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL"
        case .release: Self.giveBack
        case .addDelivery: "INSERT INTO deliveries (number, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
        case .countDelivery: "UPDATE events SET deliveries = deliveries + 1 WHERE number = ?"
        case .heldEvent:
            "SELECT number, outcome, last_seq FROM events WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL"
        case .finishReplacing:
            """
            UPDATE events SET \(Self.endOfRun),
                user_agent = iif(?, NULL, user_agent), \(Self.assignments(RecordedResult.columns))
            WHERE number = ?
            """
        case .finishKeeping: "UPDATE events SET \(Self.endOfRun) WHERE number = ?"
        case .deleteRules: "DELETE FROM rules WHERE number = ?"
        case .insertRule:
            """
            INSERT INTO rules (number, position, \(Self.names(RuleResult.columns)))
            VALUES (?, ?, \(Self.marks(RuleResult.columns)))
            """
        case .insertOwnCall: "INSERT INTO own_calls (request_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        case .ownCall: "SELECT 1 FROM own_calls WHERE request_id = ?"
        case .journalMode: "PRAGMA journal_mode"
        }
    }

    private static let giveBack = """
        UPDATE events SET worker = lease_owner, lease_owner = NULL, lease_until = NULL, lease_replay_count = NULL
        WHERE event_id = ? AND fence = ? AND lease_owner IS NOT NULL
        """

    private static let insertion = """
        INSERT INTO events (event_id, message_id, received_at, lease_owner, lease_until, lease_replay_count,
            matched_rule_ids, last_seq, \(names(EventFacts.columns)))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, \(marks(EventFacts.columns))) ON CONFLICT (event_id) DO NOTHING
        """

    /// The replay count of a run that died is not kept, so that the message that brought it runs again. A run that takes
    /// over keeps it.
    private static let takeover = """
        UPDATE events SET fence = ?, attempts = ?, lease_owner = ?, lease_until = ?,
            lease_replay_count = max(?, coalesce(lease_replay_count, 0)),
            matched_rule_ids = coalesce(?, matched_rule_ids), last_seq = ?
        WHERE number = ?
        """

    /// The columns that the end of every run changes. The replay count of a failed run is not recorded, because its
    /// message comes back and must not count as a duplicate then.
    private static let endOfRun = """
        worker = lease_owner, lease_owner = NULL, lease_until = NULL, lease_replay_count = NULL,
            replay_count = iif(?, max(replay_count, lease_replay_count), replay_count),
            is_short = is_short AND ?, last_seq = ?
        """

    private static func names<Record>(_ columns: [StoredColumn<Record>]) -> String {
        columns.map(\.name).joined(separator: ", ")
    }

    private static func marks<Record>(_ columns: [StoredColumn<Record>]) -> String {
        columns.map { _ in "?" }.joined(separator: ", ")
    }

    private static func assignments<Record>(_ columns: [StoredColumn<Record>]) -> String {
        columns.map { "\($0.name) = ?" }.joined(separator: ", ")
    }
}
