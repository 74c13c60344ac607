/// A column of a view, and what it means. The documentation and the help print these.
package struct AuditColumn: Hashable, Sendable {
    /// The name, which is stable.
    package let name: String
    /// Unit, and what null means, in half a line.
    package let meaning: String

    private init(_ name: String, _ meaning: String) {
        self.name = name
        self.meaning = meaning
    }

    /// The columns of `audit_events`, in their order.
    package static let events = [
        AuditColumn("event_id", "CloudTrail's eventID"),
        AuditColumn("outcome", "what became of the event; null while nothing has"),
        AuditColumn("reason", "why, in one line; null where the outcome says it all"),
        AuditColumn("event_name", "the name of the API action"),
        AuditColumn("account", "the account that received the event; null where the record lacks it"),
        AuditColumn("region", "the Region of the call; null where the record lacks it"),
        AuditColumn("group_id", "the group that was changed; null where the record names none by id"),
        AuditColumn("actor_arn", "whoever called, of a role its session; null where the record lacks it"),
        AuditColumn("issuer_arn", "who stands behind the session; null where the record lacks it"),
        AuditColumn("source_ip", "where the call came from, an address or an AWS service; null if unknown"),
        AuditColumn("user_agent", "what the caller claimed to be; null if it claimed nothing"),
        AuditColumn("event_time", "when the call was made; null where the record lacks it"),
        AuditColumn("received_at", "when a worker first received the event"),
        AuditColumn("finished_at", "when the outcome was recorded; null until it is final"),
        AuditColumn("exposed_ms", "milliseconds from event_time to the last confirmed revoke; null without one"),
        AuditColumn("attempts", "how many runs of the event have begun"),
        AuditColumn("deliveries", "how many messages brought the event"),
        AuditColumn("worker", "who runs it, or ran it last, as host:pid; null if nobody has"),
        AuditColumn("aws_request_id", "EC2's id of the call that reverted, or that failed; null without one"),
        AuditColumn("error_code", "AWS's code of the error; null without one"),
        AuditColumn("error_message", "the error; null without one"),
        AuditColumn("notified_at", "when people were told of this outcome; null if they were not (yet)"),
        AuditColumn("dry_run", "1 where nothing was to be changed, else 0"),
        AuditColumn(
            "actor_type",
            "CloudTrail's type of the caller, such as AssumedRole; null where the record lacks it"
        ),
        AuditColumn("invoked_by", "the AWS service that called for somebody; null where none did"),
        AuditColumn("actor_id", "the caller's principal or user id; null where the record lacks it"),
        AuditColumn("policy_digest", "the SHA-256 of the policy that decided; null where none was asked"),
    ]

    /// The columns of `audit_rules`, in their order.
    package static let rules = [
        AuditColumn("event_id", "CloudTrail's eventID of the rule's event"),
        AuditColumn("rule_id", "EC2's id of the rule; null for a record without, whose rule was not found"),
        AuditColumn("group_id", "the group that has the rule; null if unknown"),
        AuditColumn("direction", "ingress or egress"),
        AuditColumn("protocol", "the protocol as EC2 writes it: tcp, icmp, -1 for all, a number"),
        AuditColumn("from_port", "the first port, or the ICMP type; -1 for all"),
        AuditColumn("to_port", "the last port, or the ICMP code; -1 for all"),
        AuditColumn("source", "the other end: a CIDR block, a prefix list or a group"),
        AuditColumn("description", "the rule's description; null without one"),
        AuditColumn("decision", "revert, allow or exempt; null where the policy was not asked"),
        AuditColumn("reason", "the line of policy that decided; null where the policy was not asked"),
        AuditColumn("outcome", "what became of the rule"),
        AuditColumn("undo", "the command that brings the rule back; null unless it was reverted"),
    ]
}
