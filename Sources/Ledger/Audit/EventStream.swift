import SecurityGroups

/// The events of one or several ledgers as one list, newest first, read page by page.
///
/// An event that several hosts have seen comes once, from the ledger with the most final outcome, with the rules of
/// that ledger.
package struct EventStream {
    private var sources: [Source]
    /// The outcome filter. It applies to the merged event, because another ledger may have the outcome that counts.
    private let outcome: EventOutcome?

    /// Creates a list of the events that `filter` matches.
    ///
    /// - Parameter withRules: False leaves each event's rules empty.
    package init(_ readers: [LedgerReader], matching filter: EventFilter, withRules: Bool) {
        var filter = filter
        outcome = readers.count > 1 ? filter.outcome : nil
        if readers.count > 1 { filter.outcome = nil }
        sources = readers.map { Source(reader: $0, filter: filter, withRules: withRules) }
    }

    /// Returns the next event and its rules; nil after the last.
    ///
    /// - Throws: `LedgerError`.
    package mutating func next() throws -> (event: AuditEvent, rules: [AuditRule])? {
        while let found = try nextOfAll() {
            if outcome == nil || found.event.outcome == outcome { return found }
        }
        return nil
    }

    private mutating func nextOfAll() throws -> (event: AuditEvent, rules: [AuditRule])? {
        var best: (event: AuditEvent, source: Int)?
        for index in sources.indices {
            guard let event = try sources[index].peek() else { continue }
            guard let (chosen, _) = best else {
                best = (event, index)
                continue
            }
            let isSame = event.eventID == chosen.eventID
            if isSame ? event.outcome.finality > chosen.outcome.finality : event.cursor > chosen.cursor {
                best = (event, index)
            }
        }
        guard let (event, winner) = best else { return nil }
        let rules = sources[winner].rules(of: event.eventID)
        for index in sources.indices where try sources[index].peek()?.eventID == event.eventID {
            sources[index].advance()
        }
        return (event, rules)
    }

    /// One ledger's events, a page at a time.
    private struct Source {
        let reader: LedgerReader
        let filter: EventFilter
        let withRules: Bool
        private var page: [AuditEvent] = []
        private var pageRules: [String: [AuditRule]] = [:]
        private var position = 0
        private var cursor: EventCursor?
        private var isAtEnd = false

        /// Reads are short, so that a report never delays a worker's write.
        private static let pageSize = 500

        init(reader: LedgerReader, filter: EventFilter, withRules: Bool) {
            self.reader = reader
            self.filter = filter
            self.withRules = withRules
        }

        mutating func peek() throws -> AuditEvent? {
            if position == page.count, !isAtEnd {
                page = try reader.events(matching: filter, after: cursor, limit: Self.pageSize)
                pageRules = withRules ? try reader.rules(of: page.map(\.eventID)) : [:]
                position = 0
                cursor = page.last?.cursor
                isAtEnd = page.count < Self.pageSize
            }
            return position < page.count ? page[position] : nil
        }

        mutating func advance() { position += 1 }

        func rules(of eventID: String) -> [AuditRule] { pageRules[eventID] ?? [] }
    }
}

extension EventCursor: Comparable {
    /// Compares by age: older events are less.
    package static func < (first: Self, second: Self) -> Bool {
        (first.eventTime, first.eventID) < (second.eventTime, second.eventID)
    }
}

extension EventOutcome? {
    /// The rank of the outcome. The highest one is what happened in the end, on whichever host.
    package var finality: Int {
        switch self {
        case .reverted: 10
        case .notRestored: 9
        case .conflict: 8
        case .unchanged: 7
        case .allowed: 6
        case .suppressed: 5
        case .reported: 4
        case .ignored: 3
        case .deadLettered: 2
        case .failed: 1
        case nil: 0
        }
    }
}
