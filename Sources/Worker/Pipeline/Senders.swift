import AWSClient
import Synchronization

/// The senders of the messages that came, so that each is written down once an hour and not with each message.
final class Senders: Sendable {
    private let noted = Mutex<[String: ContinuousClock.Instant]>([:])

    private static let period: Duration = .seconds(3600)
    private static let limit = 1000

    /// The sender of a message, of a role's session the role's id; nil where it was noted within the hour.
    func toNote(of message: SQSMessage, at now: ContinuousClock.Instant) -> String? {
        guard let id = message.senderID?.prefix(while: { $0 != ":" }), !id.isEmpty else { return nil }
        let sender = String(id)
        return noted.withLock { noted in
            if let last = noted[sender], now - last < Self.period { return nil }
            guard noted.count < Self.limit || noted[sender] != nil else { return nil }
            noted[sender] = now
            return sender
        }
    }
}
