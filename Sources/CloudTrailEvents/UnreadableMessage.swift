/// Why a message can never be read. The raw values are the public ones of the attribute `SgRevertReason`.
package enum UnreadableReason: String, Hashable, Sendable, CaseIterable {
    /// The body, or what a notification wraps, is not JSON.
    case notJSON = "not-json"
    /// There is no record in it, or one without an `eventID`, under which nothing can be claimed or audited.
    case noEventID = "no-event-id"
    /// A shape that cannot be read, or that a successful call cannot have.
    case undecodable
}

/// A message that no retry makes readable: it belongs into the dead-letter queue.
package struct UnreadableMessage: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    package let reason: UnreadableReason
    /// One line that says what is wrong and where. Text of the record in it is shortened and escaped.
    package let detail: String
    /// The facts of the record, where they could be read although its rules could not.
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
