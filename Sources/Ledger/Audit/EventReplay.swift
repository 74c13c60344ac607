import SecurityGroups

/// The row and the rules of one event, rebuilt from the trail alone.
struct EventReplay {
    /// The cells of `audit_events` without `deliveries`: the trail does not record duplicates.
    private(set) var cells: [EventColumn: AuditValue] = [:]
    /// The rules, each an object with the columns of `audit_rules`.
    private(set) var rules: [JSON] = []
    private(set) var lastSeq: Int64 = 0
    /// The times at which people were told, by outcome.
    private var notified: [String: AuditValue] = [:]
    /// The entries that could not be read.
    private(set) var findings: [AuditFinding] = []

    /// Replays the entries of one event, oldest first.
    init(_ entries: [TrailEntry]) {
        // A prune restates what it keeps, so older entries add nothing, and some of them may be gone.
        let start = entries.lastIndex { $0.kind == TrailKind.carried.rawValue } ?? 0
        for entry in entries[start...] {
            lastSeq = entry.seq
            if let fields = try? entry.fields() {
                apply(entry, fields)
            } else {
                findings.append(.unreadable(seq: entry.seq))
            }
        }
        // A restated event may have had another outcome, of which people were told.
        if let outcome = cells[.outcome]?.text { cells[.notifiedAt] = notified[outcome] }
    }

    private mutating func apply(_ entry: TrailEntry, _ fields: [String: JSON]) {
        switch TrailKind(rawValue: entry.kind) {
        case .claimed?:
            if let event = fields["event"] {
                cells[.eventID] = AuditValue(entry.eventID)
                cells[.receivedAt] = AuditValue(fields["received_at"])
                cells[.dryRun] = .boolean(false)
                set(EventFacts.columns.map(\.name), from: event)
            }
            cells[.attempts] = AuditValue(fields["attempt"])
            cells[.worker] = .text(entry.worker)
        case .finished?, .failed?, .ignored?, .deadLettered?:
            guard fields["replaces"]?.boolean == true, let result = fields["result"] else { return }
            set(RecordedResult.columns.map(\.name), from: result)
            if cells[.outcome] == .text(EventOutcome.ignored.rawValue) { cells[.userAgent] = .null }
            rules = fields["rules"]?.elements ?? []
        case .notified?:
            if let kind = fields["kind"]?.string { notified[kind] = AuditValue(fields["notified_at"]) }
        case .carried?:
            guard let event = fields["event"] else { return }
            set(EventColumn.allCases.map(\.rawValue), from: event)
            rules = fields["rules"]?.elements ?? []
            for (outcome, at) in fields["notified"]?.members ?? [:] { notified[outcome] = AuditValue(at) }
        case .baseline?, .exemption?, .pruned?, .note?, nil: break
        }
    }

    /// Takes the columns of these names from the object. A column that the object leaves out is null.
    private mutating func set(_ names: [String], from object: JSON) {
        for column in names.compactMap(EventColumn.init) { cells[column] = AuditValue(object[column.rawValue]) }
    }

    /// Compares what the views show with the trail.
    func check(_ event: AuditEvent, _ shownRules: [AuditRule]) -> [AuditFinding] {
        guard cells[.eventID] != nil else { return findings + [.strayEvent(eventID: event.eventID)] }
        var found = findings
        func compare(_ column: String, _ shown: AuditValue, _ expected: AuditValue?) {
            guard shown != expected ?? .null else { return }
            found.append(
                .differs(
                    eventID: event.eventID,
                    column: column,
                    shown: JSON(shown).text,
                    expected: JSON(expected ?? .null).text,
                    seq: lastSeq
                )
            )
        }
        for (column, value) in zip(EventColumn.allCases, event.values) where column != .deliveries {
            compare(column.rawValue, value, cells[column])
        }
        compare("the number of rules", .integer(Int64(shownRules.count)), .integer(Int64(rules.count)))
        for (index, (shown, expected)) in zip(shownRules, rules).enumerated() {
            for (column, value) in zip(RuleColumn.allCases, shown.values) where column != .eventID {
                compare("rule \(index + 1)'s \(column.rawValue)", value, AuditValue(expected[column.rawValue]))
            }
        }
        return found
    }
}
