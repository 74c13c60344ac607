import SecurityGroups

/// One event's row and rules, made from the trail alone.
struct EventReplay {
    /// By the columns of `audit_events`, all but `deliveries`: the trail has no word of a duplicate.
    private(set) var cells: [String: JSON] = [:]
    /// Each an object of the columns of `audit_rules`.
    private(set) var rules: [JSON] = []
    private(set) var lastSeq: Int64 = 0
    /// The worker of the last run that ended, which a released claim brings back into the view.
    private var lastWorker = JSON.null
    /// When people were told, by outcome.
    private var notified: [String: JSON] = [:]

    /// Replays the entries of one event, oldest first.
    ///
    /// - Throws: `AuditFinding`.
    init(_ entries: [TrailEntry]) throws(AuditFinding) {
        // A prune restates what it keeps: what is older says nothing more, and may be gone in part.
        let start = entries.lastIndex { $0.kind == Kind.carried } ?? 0
        for entry in entries[start...] {
            guard let fields = try? entry.fields() else { throw .unreadable(seq: entry.seq) }
            apply(entry, fields)
            lastSeq = entry.seq
        }
        if let outcome = cells["outcome"]?.string, let at = notified[outcome] { cells["notified_at"] = at }
    }

    /// The kinds of entries that tell of an event's row.
    enum Kind {
        static let claimed = "claimed"
        static let finished = "finished"
        static let notified = "notified"
        static let carried = "carried"
        static let pruned = "pruned"
    }

    private static let factColumns = [
        "event_name", "account", "region", "group_id", "actor_arn", "issuer_arn", "actor_type", "actor_id",
        "invoked_by",
        "source_ip", "user_agent", "event_time",
    ]
    private static let outcomeColumns = [
        "outcome", "reason", "finished_at", "exposed_ms", "aws_request_id", "error_code", "error_message", "dry_run",
        "policy_digest",
    ]

    private mutating func apply(_ entry: TrailEntry, _ fields: [String: JSON]) {
        switch entry.kind {
        case Kind.claimed:
            if fields["event_name"] != nil {
                cells["event_id"] = JSON(entry.eventID)
                cells["received_at"] = fields["received_at"]
                cells["dry_run"] = .boolean(false)
                for column in Self.factColumns { cells[column] = fields[column] }
            }
            cells["attempts"] = fields["attempt"]
            cells["worker"] = .string(entry.worker)
        case Kind.finished:
            lastWorker = cells["worker"] ?? .null
            guard fields["replaces"]?.boolean == true else { return }
            for column in Self.outcomeColumns { cells[column] = fields[column] }
            rules = fields["rules"]?.elements ?? []
        case Kind.notified:
            if let outcome = fields["outcome"]?.string { notified[outcome] = fields["notified_at"] }
        case Kind.carried:
            for column in AuditEvent.columns { cells[column] = fields[column] }
            rules = fields["rules"]?.elements ?? []
            lastWorker = fields["last_worker"] ?? .null
            if let outcome = fields["outcome"]?.string, let at = fields["notified_at"], at != .null {
                notified[outcome] = at
            }
        default: break
        }
    }

    /// Holds what the views show against the trail.
    ///
    /// - Throws: `AuditFinding`, the first cell that differs.
    func check(_ event: AuditEvent, _ shownRules: [AuditRule]) throws(AuditFinding) {
        func compare(_ column: String, _ shown: JSON, _ expected: JSON?) throws(AuditFinding) {
            guard shown != expected ?? .null else { return }
            throw .differs(
                eventID: event.eventID,
                column: column,
                shown: shown.text,
                expected: (expected ?? .null).text,
                seq: lastSeq
            )
        }
        guard cells["event_id"] != nil else { throw .strayEvent(eventID: event.eventID) }
        for (column, value) in zip(AuditEvent.columns, event.values) where column != "deliveries" {
            try compare(column, JSON(value), cells[column])
        }
        try compare("the number of rules", .integer(Int64(shownRules.count)), .integer(Int64(rules.count)))
        for (index, (shown, expected)) in zip(shownRules, rules).enumerated() {
            for (column, value) in zip(AuditRule.columns, shown.values).dropFirst() {
                try compare("rule \(index + 1)'s \(column)", JSON(value), expected[column])
            }
        }
    }
}
