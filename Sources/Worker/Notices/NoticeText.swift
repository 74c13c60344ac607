import Formats
import Foundation
import Ledger
import SecurityGroups

/// A notification in words: who, what, where, when, and what was done.
///
/// The subject and the first lines hold only values of strict types. Text of an event that has none stands in quotes.
struct NoticeText: Hashable, Sendable {
    /// The subject as SNS accepts it: ASCII, under 100 characters, without a line break.
    let subject: String
    /// The text, under the 256 KiB of SNS.
    let body: String

    /// The largest number of bytes for the events.
    private static let eventsLimit = 200_000

    /// Writes a notice.
    ///
    /// - Throws: `DecodingError` for a payload that the ledger did not write.
    init(_ notice: Notice) throws {
        guard notice.outcome != nil else {
            self = try NoticeText(ofNoEvent: notice)
            return
        }
        let events = try notice.payloads.map { try JSONDecoder().decode(NoticeEvent.self, from: Data($0.utf8)) }
        let headline = Self.headline(notice, events)
        let group = QuotedText.group(notice.groupID)
        let region = QuotedText.region(notice.region)
        let place = [group.map { "in \($0)" }, region.map { "(\($0))" }].compactMap(\.self)
        let title = ([headline] + place).joined(separator: " ")
        subject = asciiText("sg-revert: \(title)", limit: 99)
        var lines = ["sg-revert: \(title)."]
        lines += Self.table([
            ("Account", QuotedText.account(notice.account)), ("Region", region), ("Group", group),
        ])
        if notice.count > 1 {
            lines.append("")
            lines.append("\(notice.count) events of this kind, summed up; sg-revert audit query tells of all.")
        }
        if notice.outcome?.isDoubted == true {
            lines += [
                "", "The message may be forged. What it says stands in quotes, and nothing was done on its word.",
            ]
        }
        var room = Self.eventsLimit
        for (index, event) in events.enumerated() {
            let text = event.lines(isDoubted: notice.outcome?.isDoubted == true, room: room)
            room -= text.reduce(0) { $0 + $1.utf8.count + 1 }
            guard room > 0 || index == 0 else {
                lines += ["", "and \(events.count - index) more."]
                break
            }
            lines.append("")
            lines += text
        }
        lines += ["", "Notice \(QuotedText.plainIfStrict(notice.id))"]
        body = lines.joined(separator: "\n") + "\n"
    }

    init(subject: String, body: String) {
        self.subject = subject
        self.body = body
    }

    /// Lines with a label and a value each. A label without a value is left out.
    static func table(_ cells: [(label: String, value: String?)]) -> [String] {
        cells.compactMap { label, value in
            value.map { label + String(repeating: " ", count: max(10 - label.count, 1)) + $0 }
        }
    }

    private static func headline(_ notice: Notice, _ events: [NoticeEvent]) -> String {
        func count(_ outcome: RuleOutcome) -> String {
            let count = events.reduce(0) { $0 + ($1.rules ?? []).count { $0.outcome == outcome.rawValue } }
            let more = notice.count > events.count ? "at least " : ""
            return more + (count == 1 ? "1 rule" : "\(count) rules")
        }
        let number = notice.count == 1 ? "an event" : "\(notice.count) events"
        return switch notice.outcome {
        case .reverted: "reverted \(count(.reverted))"
        case .failed: "could not revert \(count(.failed)) yet"
        case .deadLettered: "gave up on \(number)"
        case .suppressed: "left \(count(.suppressed)) open for now, limit reached"
        case .notRestored: "did not put back \(count(.notRestored))"
        case .conflict: "met \(number) that contradict\(notice.count == 1 ? "s" : "") what is known"
        case .unchanged: "found nothing left to revert"
        case .allowed: "allowed \(count(.allowed))"
        case .reported: "would have reverted \(count(.reported))"
        case .ignored: "ignored \(number)"
        case nil: "has something to tell"
        }
    }
}

extension EventOutcome {
    /// True if the record is not believed, so that all of its text is quoted.
    fileprivate var isDoubted: Bool { self == .conflict || self == .deadLettered }
}
