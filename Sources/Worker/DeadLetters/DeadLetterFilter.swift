import AWSClient
package import Foundation

/// Selects dead letters: those that match every value that is given.
package struct DeadLetterFilter: Sendable {
    private let eventID: String?
    private let id: String?
    private let groupID: String?
    private let reason: DeadLetterReason?
    private let before: Date?
    private let after: Date?
    let limit: Int?

    /// A filter. `id` is the id of the event or of the message. `before` and `after` mean the time at which the message was
    /// sent to the queue where it failed.
    package init(
        eventID: String? = nil,
        id: String? = nil,
        groupID: String? = nil,
        reason: DeadLetterReason? = nil,
        before: Date? = nil,
        after: Date? = nil,
        limit: Int? = nil
    ) {
        self.eventID = eventID
        self.id = id
        self.groupID = groupID
        self.reason = reason
        self.before = before
        self.after = after
        self.limit = limit
    }

    func means(_ letter: DeadLetter) -> Bool {
        (eventID == nil || letter.eventID == eventID)
            && (id == nil || letter.eventID == id || letter.message.messageID == id)
            && (groupID == nil || letter.groupID == groupID)
            && (reason == nil || letter.reason == reason?.rawValue)
            && before.map { (letter.sentAt ?? .distantPast) < $0 } ?? true
            && after.map { (letter.sentAt ?? .distantFuture) > $0 } ?? true
    }
}
