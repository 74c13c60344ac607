import Formats
import Foundation
import Ledger
import Worker

/// Looks for the row of a test event in some ledgers.
struct TestEventWatch {
    /// The result of a look.
    enum Sight {
        /// The event's row, which is final, and the ledger that has it.
        case row(AuditEvent, path: String)
        /// The message became a dead letter without a row, for this reason.
        case buried(String)
    }

    private let readers: [(reader: LedgerReader, start: Int64)]

    /// - Throws: `LedgerError` for a ledger that cannot be read.
    init(_ readers: [LedgerReader]) throws {
        self.readers = try readers.map { ($0, try $0.lastEntry()) }
    }

    /// The ledgers' files.
    var paths: String { readers.map(\.reader.path).joined(separator: ", ") }

    /// Looks once; nil where there is nothing yet.
    func look(for event: TestEvent, message messageID: String) throws -> Sight? {
        for (reader, start) in readers {
            let found = try reader.events(matching: EventFilter(eventID: event.eventID), after: nil, limit: 1).first
            if let found, found[.finishedAt] != .null { return .row(found, path: reader.path) }
            if let reason = try reader.burialReason(ofMessage: messageID, after: start) { return .buried(reason) }
        }
        return nil
    }
}

/// The way that a test event took, with times.
struct TestEventJourney {
    let eventID: String
    let messageID: String
    let startedAt: Date
    /// When SQS had confirmed the message.
    let sentAt: Date
    private var event: AuditEvent?
    private var ledger = ""
    private var seenAt = Date()

    init(eventID: String, messageID: String, startedAt: Date, sentAt: Date) {
        self.eventID = eventID
        self.messageID = messageID
        self.startedAt = startedAt
        self.sentAt = sentAt
    }

    /// Takes the row at the end of the way.
    mutating func arrive(_ event: AuditEvent, in ledger: String, at time: Date) {
        self.event = event
        self.ledger = ledger
        seenAt = time
    }

    /// True if the worker did with the event what it does with each of its kind.
    var isAsMeant: Bool { text(.outcome) == "ignored" && text(.reason) == "not-a-rule-change" }

    /// The outcome and its reason.
    var result: String { [text(.outcome), text(.reason)].filter { !$0.isEmpty }.joined(separator: ": ") }

    private var receivedAt: Date? { RFC3339.parse(text(.receivedAt)) }
    private var finishedAt: Date? { RFC3339.parse(text(.finishedAt)) }

    private func text(_ column: EventColumn) -> String { event?[column].text ?? "" }

    /// One object with a member for each fact.
    var row: Row {
        let cells: [(String, AuditValue)] = [
            ("event_id", .text(eventID)), ("message_id", .text(messageID)), ("outcome", .text(text(.outcome))),
            ("reason", .text(text(.reason))), ("worker", .text(text(.worker))), ("ledger", .text(ledger)),
            ("sent_at", .text(RFC3339.format(startedAt))), ("received_at", .text(text(.receivedAt))),
            ("finished_at", .text(text(.finishedAt))), ("send_ms", Self.span(startedAt, sentAt)),
            ("queue_ms", Self.span(startedAt, receivedAt)), ("work_ms", Self.span(receivedAt, finishedAt)),
            ("total_ms", Self.span(startedAt, finishedAt)),
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
            line("received", receivedAt, after: startedAt, "by worker \(text(.worker))"),
            line("recorded", finishedAt, after: receivedAt, "as \(result), which is right for a test event"),
            line("seen", seenAt, after: finishedAt, "in the ledger \(ledger)"),
        ]
    }

    /// Milliseconds between two times; null where one is not known. Two hosts' clocks may differ, so it may be negative.
    private static func span(_ start: Date?, _ end: Date?) -> AuditValue {
        guard let start, let end else { return .null }
        return .integer(Int64((end.timeIntervalSince(start) * 1000).rounded()))
    }
}
