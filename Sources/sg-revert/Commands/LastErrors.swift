import Foundation
import Ledger
import Worker

/// The last errors of events whose messages SQS itself moved, without a reason, from the ledger of this host.
struct LastErrors {
    private let reader: LedgerReader?

    /// Opens the ledger. A missing ledger has no errors; one that cannot be read is an error.
    init(path: String) throws {
        do {
            reader = FileManager.default.fileExists(atPath: path) ? try LedgerReader(path: path) : nil
        } catch {
            throw RunFailure(description: errorText(error))
        }
    }

    /// Adds the last error of its event to a letter that has none.
    func complete(_ letter: DeadLetter) -> DeadLetter {
        guard let reader, letter.reason == nil, let eventID = letter.eventID,
            let event = try? reader.events(matching: EventFilter(eventID: eventID), after: nil, limit: 1).first,
            case .text(let error)? = zip(AuditEvent.columns, event.values).first(where: { $0.0 == "error_message" })?.1
        else { return letter }
        var letter = letter
        letter.lastError = error
        return letter
    }
}
