import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

/// Looks for the end of a test event in some ledgers, and in the table of a fleet.
struct TestEventWatch {
    /// The result of a look.
    enum Sight: Hashable {
        /// The event ended.
        case ended(TestEventEnding)
        /// The message became a dead letter without a row, for this reason.
        case buried(String)
    }

    private let readers: [(reader: LedgerReader, start: Int64)]
    private let table: EventTable?

    /// - Throws: `LedgerError` for a ledger that cannot be read.
    init(_ readers: [LedgerReader], table: EventTable?) throws {
        self.readers = try readers.map { ($0, try $0.lastEntry()) }
        self.table = table
    }

    /// Where it looks: the ledgers' files, and the table.
    var places: String {
        (readers.map(\.reader.path) + [table.map(Self.name)].compactMap(\.self)).joined(separator: ", ")
    }

    /// The pause between looks. A look at the table costs a read.
    var pause: Duration { .milliseconds(table == nil ? 100 : 250) }

    /// Looks once; nil where there is nothing yet. A ledger knows more than the table, which has the end a moment later.
    func look(for event: TestEvent, message messageID: String) async throws -> Sight? {
        for (reader, start) in readers {
            let found = try reader.events(matching: EventFilter(eventID: event.eventID), after: nil, limit: 1).first
            if let found, found[.finishedAt] != .null { return .ended(TestEventEnding(found, in: reader.path)) }
            if let reason = try reader.burialReason(ofMessage: messageID, after: start) { return .buried(reason) }
        }
        guard let table, let ending = try await table.ending(of: event.eventID) else { return nil }
        return .ended(TestEventEnding(ending, in: Self.name(table)))
    }

    private static func name(_ table: EventTable) -> String { "dynamodb://\(table.name)" }
}

/// The end of a test event, and the place where it was seen.
struct TestEventEnding: Hashable {
    let outcome: String
    /// Empty for an outcome without a reason; nil where it was seen in the table, which has no reasons.
    let reason: String?
    let worker: String
    let receivedAt: Date?
    let finishedAt: Date?
    /// The ledger or table.
    let place: String

    init(_ row: AuditEvent, in ledger: String) {
        outcome = row[.outcome].text ?? ""
        reason = row[.reason].text ?? ""
        worker = row[.worker].text ?? ""
        receivedAt = row[.receivedAt].text.flatMap(RFC3339.parse)
        finishedAt = row[.finishedAt].text.flatMap(RFC3339.parse)
        place = ledger
    }

    init(_ ending: EventTable.Ending, in table: String) {
        outcome = ending.outcome.rawValue
        reason = nil
        worker = ending.worker
        receivedAt = nil
        finishedAt = ending.finishedAt
        place = table
    }

    /// True if the worker did with the event what it does with each of its kind.
    var isAsMeant: Bool { outcome == "ignored" && [nil, "not-a-rule-change"].contains(reason) }

    /// The outcome and its reason.
    var result: String { [outcome, reason ?? ""].filter { !$0.isEmpty }.joined(separator: ": ") }
}

/// The way that a test event took, with times.
struct TestEventJourney {
    let eventID: String
    let messageID: String
    let startedAt: Date
    /// When SQS had confirmed the message.
    let sentAt: Date
    let ending: TestEventEnding
    /// When the ending was seen.
    let seenAt: Date

    /// One object with a member for each fact.
    var row: Row {
        let cells: [(String, AuditValue)] = [
            ("event_id", .text(eventID)), ("message_id", .text(messageID)), ("outcome", .text(ending.outcome)),
            ("reason", .text(ending.reason ?? "")), ("worker", .text(ending.worker)), ("ledger", .text(ending.place)),
            ("sent_at", .text(RFC3339.format(startedAt))), ("received_at", Self.time(ending.receivedAt)),
            ("finished_at", Self.time(ending.finishedAt)), ("send_ms", Self.span(startedAt, sentAt)),
            ("queue_ms", Self.span(startedAt, ending.receivedAt)),
            ("work_ms", Self.span(ending.receivedAt, ending.finishedAt)),
            ("total_ms", Self.span(startedAt, ending.finishedAt)),
        ]
        return Row(cells.map(\.0), cells.map(\.1))
    }

    /// The way for people: a line for each step, with its time and the time since the step before.
    func lines(queue url: String) -> [String] {
        func line(_ step: String, _ time: Date?, after: Date?, _ words: String) -> String {
            let passed = Self.span(after, time).integer.map { "+\($0) ms" } ?? ""
            let cells = [(step, 9), (time.map(RFC3339.format) ?? "-", 24), (passed, 10)]
            return cells.map { $0.0.padding(toLength: max($0.1, $0.0.count), withPad: " ", startingAt: 0) }
                .joined(separator: " ") + " " + plainText(words, limit: 500)
        }
        return [
            line("began", startedAt, after: nil, "event \(eventID)"),
            line("sent", sentAt, after: startedAt, "to \(url) as message \(messageID)"),
            line("received", ending.receivedAt, after: startedAt, "by worker \(ending.worker)"),
            line(
                "recorded",
                ending.finishedAt,
                after: ending.receivedAt ?? sentAt,
                "as \(ending.result), which is right for a test event"
            ),
            line("seen", seenAt, after: ending.finishedAt, "in \(ending.place)"),
        ]
    }

    private static func time(_ time: Date?) -> AuditValue { time.map { .text(RFC3339.format($0)) } ?? .null }

    /// Milliseconds between two times; null where one is not known. Two hosts' clocks may differ, so it may be negative.
    private static func span(_ start: Date?, _ end: Date?) -> AuditValue {
        guard let start, let end else { return .null }
        return .integer(Int64((end.timeIntervalSince(start) * 1000).rounded()))
    }
}
