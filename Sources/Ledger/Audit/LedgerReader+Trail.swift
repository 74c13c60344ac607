import Formats

extension LedgerReader {
    /// Returns some entries of the trail as JSON objects with the table's columns, the entry itself as an object; nil
    /// after the last.
    ///
    /// - Throws: `LedgerError`.
    package func trailLines(after seq: Int64) throws -> (lines: [String], last: Int64)? {
        let page = try read { try TrailEntry.page(from: seq + 1, limit: 500, in: $0) }
        guard let last = page.last else { return nil }
        return (page.map(\.line), last.seq)
    }
}

extension TrailEntry {
    /// The keys are in the order of `columns`. The entry's text is inserted as it is, because its hash covers exactly
    /// this text.
    fileprivate var line: String {
        var json = JSONWriter()
        json.object {
            $0.member("seq", .integer(seq))
            $0.member("at", .text(at))
            $0.member("event_id", AuditValue(eventID))
            $0.member("worker", .text(worker))
            $0.member("kind", .text(kind))
            $0.member("before", before.map(AuditValue.integer) ?? .null)
            if let entry { $0.member("entry", json: entry) } else { $0.member("entry", .null) }
            $0.member("entry_hash", .text(entryHash))
            $0.member("hash", .text(hash))
        }
        return json.text
    }
}
