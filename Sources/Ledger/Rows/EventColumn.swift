/// The columns of the view `audit_events`, in their order. The raw values are their stable names.
package enum EventColumn: String, CaseIterable, Hashable, Sendable {
    case eventID = "event_id"
    case outcome
    case reason
    case eventName = "event_name"
    case account
    case region
    case groupID = "group_id"
    case actorARN = "actor_arn"
    case issuerARN = "issuer_arn"
    case sourceIP = "source_ip"
    case userAgent = "user_agent"
    case eventTime = "event_time"
    case receivedAt = "received_at"
    case finishedAt = "finished_at"
    case exposedMilliseconds = "exposed_ms"
    case attempts
    case deliveries
    case worker
    case awsRequestID = "aws_request_id"
    case errorCode = "error_code"
    case errorMessage = "error_message"
    case notifiedAt = "notified_at"
    case dryRun = "dry_run"
    case actorType = "actor_type"
    case invokedBy = "invoked_by"
    case actorID = "actor_id"
    case policyDigest = "policy_digest"

    /// The unit, and the meaning of null, in half a line.
    package var meaning: String {
        switch self {
        case .eventID: "CloudTrail's eventID"
        case .outcome: "what became of the event; null while nothing has"
        case .reason: "why, in one line; null where the outcome says it all"
        case .eventName: "the name of the API action"
        case .account: "the account that received the event; null where the record lacks it"
        case .region: "the Region of the call; null where the record lacks it"
        case .groupID: "the group that was changed; null where the record names none by id"
        case .actorARN: "whoever called, of a role its session; null where the record lacks it"
        case .issuerARN: "who stands behind the session; null where the record lacks it"
        case .sourceIP: "where the call came from, an address or an AWS service; null if unknown"
        case .userAgent: "what the caller claimed to be; null if it claimed nothing"
        case .eventTime: "when the call was made; null where the record lacks it"
        case .receivedAt: "when a worker first received the event"
        case .finishedAt: "when the outcome was recorded; null until it is final"
        case .exposedMilliseconds: "milliseconds from event_time to the last confirmed revoke; null without one"
        case .attempts: "how many runs of the event have begun"
        case .deliveries: "how many messages brought the event"
        case .worker: "who runs it, or ran it last, as host:pid; null if nobody has"
        case .awsRequestID: "EC2's id of the call that reverted, or that failed; null without one"
        case .errorCode: "AWS's code of the error; null without one"
        case .errorMessage: "the error; null without one"
        case .notifiedAt: "when people were told of this outcome; null if they were not (yet)"
        case .dryRun: "1 where nothing was to be changed, else 0"
        case .actorType: "CloudTrail's type of the caller, such as AssumedRole; null where the record lacks it"
        case .invokedBy: "the AWS service that called for somebody; null where none did"
        case .actorID: "the caller's principal or user id; null where the record lacks it"
        case .policyDigest: "the SHA-256 of the policy that decided; null where none was asked"
        }
    }

    /// The expression that the view selects for the column.
    var expression: String {
        switch self {
        case .worker: "coalesce(lease_owner, worker) AS worker"
        case .notifiedAt:
            """
            (SELECT max(sent_at) FROM notices
                    WHERE notices.event_id = events.event_id AND notices.kind = events.outcome) AS notified_at
            """
        default: rawValue
        }
    }
}
