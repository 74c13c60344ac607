/// One cell of a view.
public enum AuditValue: Hashable, Sendable {
    /// Nothing is known.
    case null
    /// A number.
    case integer(Int64)
    /// Text, times among it.
    case text(String)
    /// A truth, which the file holds as 0 or 1.
    case boolean(Bool)
}

/// A row of the view `audit_events`.
public struct AuditEvent: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    public static let columns = [
        "event_id", "outcome", "reason", "event_name", "account", "region", "group_id", "actor_arn", "issuer_arn",
        "source_ip", "user_agent", "event_time", "received_at", "finished_at", "exposed_ms", "attempts", "deliveries",
        "worker", "aws_request_id", "error_code", "error_message", "notified_at", "dry_run",
    ]

    /// The cells, in the order of `columns`.
    public let values: [AuditValue]
    /// CloudTrail's id of the event.
    public let eventID: String
    /// Where this row stands among all rows: the `after` of the page that follows it.
    public let cursor: EventCursor
}

/// A row of the view `audit_rules`.
public struct AuditRule: Hashable, Sendable {
    /// The names of the columns, in the order of `values`.
    public static let columns = [
        "event_id", "rule_id", "group_id", "direction", "protocol", "from_port", "to_port", "source", "description",
        "decision", "reason", "outcome", "undo",
    ]

    /// The cells, in the order of `columns`.
    public let values: [AuditValue]
    /// CloudTrail's id of the rule's event.
    public let eventID: String
}

/// A place among the events, newest first.
public struct EventCursor: Hashable, Sendable {
    /// The event's time as the ledger writes it; empty for an event without one, which comes after all that have one.
    let eventTime: String
    /// Orders the events of one millisecond.
    let eventID: String
}
