import Formats
import Foundation
import SecurityGroups

/// The ledger's row of an event, as a claim finds it.
struct KnownEvent {
    let eventID: String
    let number: Int64
    let digest: String
    let outcome: EventOutcome?
    let fence: Int64
    let attempts: Int
    let replayCount: Int
    let leaseUntil: Date?
    let matchedRuleIDs: [String]?
    let messageID: String
    let lastSeq: Int64
}

extension LedgerTransaction {
    func require(_ eventID: String) throws -> KnownEvent {
        guard let known = try knownEvent(eventID) else {
            throw LedgerError.damaged(path: path, detail: "the index of events has an id that the table lacks")
        }
        return known
    }

    func knownEvent(_ eventID: String) throws -> KnownEvent? {
        var known: KnownEvent?
        try statement(.knownEvent).query {
            $0.text(eventID)
        } each: { row in
            known = KnownEvent(
                eventID: eventID,
                number: row.integer(0) ?? 0,
                digest: row.text(1) ?? "",
                outcome: try row.text(2).map(parse),
                fence: row.integer(3) ?? 0,
                attempts: Int(row.integer(4) ?? 0),
                replayCount: Int(row.integer(5) ?? 0),
                leaseUntil: try row.text(6).map(parseTime),
                matchedRuleIDs: try row.text(7).map(parseTexts),
                messageID: row.text(8) ?? "",
                lastSeq: row.integer(9) ?? 0
            )
        }
        return known
    }

    /// The event whose run a delivery of this record repeats, by the rules of `claim(_:delivery:intent:isConflict:)`.
    func knownEvent(of event: EventFacts, isConflict: Bool) throws -> KnownEvent? {
        if let original = try judgedOriginal(of: event) { return original.known }
        if !isConflict, let known = try knownEvent(event.eventID), known.digest == event.digest { return known }
        return try knownEvent(event.conflictID)
    }

    /// The event that an addendum completes, and its outcome; nil where it was not judged.
    func judgedOriginal(of event: EventFacts) throws -> (known: KnownEvent, outcome: EventOutcome)? {
        guard let original = event.originalEventID, let known = try knownEvent(original), let outcome = known.outcome,
            outcome.isJudged
        else { return nil }
        return (known, outcome)
    }

    private func parseTime(_ text: String) throws -> Date {
        guard let time = RFC3339.parse(text) else {
            throw LedgerError.damaged(path: path, detail: "'\(text)' is not a time")
        }
        return time
    }

    private func parseTexts(_ text: String) throws -> [String] {
        guard case .array(let values)? = try? JSON.parse(text) else {
            throw LedgerError.damaged(path: path, detail: "'\(text)' is not a list of texts")
        }
        return values.compactMap(\.string)
    }
}
