/// The reason why a message can never be read. The raw values are those of the attribute `SgRevertReason`.
package enum UnreadableReason: String, Hashable, Sendable, CaseIterable {
    /// The body, or the text inside a notification, is no JSON.
    case notJSON = "not-json"
    /// There is no record, or the record has no `eventID`, which claims and the audit need.
    case noEventID = "no-event-id"
    /// The record has a shape that cannot be read, or that a successful call cannot have.
    case undecodable
}

/// A message that no retry makes readable. It goes to the dead-letter queue.
package struct UnreadableMessage: Error, Sendable, CustomStringConvertible {
    /// The reason.
    package let reason: UnreadableReason
    /// One line: the problem and its place. Text of the record in it is shortened and escaped.
    package let detail: String
    /// The facts of the record, if they could be read although the rules could not.
    package let event: CloudTrailEvent?

    init(_ reason: UnreadableReason, _ detail: String, event: CloudTrailEvent? = nil) {
        self.reason = reason
        self.detail = detail
        self.event = event
    }

    /// Reason and detail.
    package var description: String {
        "\(reason.rawValue): \(detail)"
    }
}
