/// The reason why the worker itself put a message into the dead-letter queue. The raw values are public.
package enum DeadLetterReason: String, Sendable, CaseIterable {
    /// The body is not JSON.
    case notJSON = "not-json"
    /// The body is JSON, but no record with an `eventID`.
    case noEventID = "no-event-id"
    /// The record has a shape that cannot be read.
    case undecodable
    /// The record names a Region, account, group or rule id that cannot exist.
    case impossible
    /// The sender that SQS attests is not one that `--trusted-sender` names.
    case untrustedSender = "untrusted-sender"
    /// Every receive that the queue allows has failed.
    case gaveUp = "gave-up"
}

/// The names of the message attributes that the worker and a replay write.
enum DeadLetterAttribute {
    static let reason = "SgRevertReason"
    static let error = "SgRevertError"
    static let eventID = "SgRevertEventId"
    static let failedAt = "SgRevertFailedAt"
    static let worker = "SgRevertWorker"
    static let replayCount = "SgRevertReplayCount"

    /// The attributes about a failure. A replay removes them.
    static let story = [reason, error, eventID, failedAt, worker]
}
