import AWSClient
import CloudTrailEvents
import Formats
package import Foundation
package import Ledger
import SecurityGroups

/// A message in the dead-letter queue, with its failure and its event.
package struct DeadLetter: Sendable {
    let message: SQSMessage
    /// The id of the event in it, where it can be read.
    package let eventID: String?
    /// The security group that the event changed.
    package let groupID: String?
    /// The reason for which it failed; nil if SQS itself moved the message.
    package let reason: String?
    /// When the message was sent to the queue where it failed.
    package let sentAt: Date?
    /// The event's last error in the ledger, for a message that SQS itself moved.
    package var lastError: String?
    private let event: CloudTrailEvent?

    /// The names of the columns, in the order of `values`.
    package static let columns = [
        "message_id", "event_id", "reason", "error_message", "event_name", "account", "region", "group_id", "actor_arn",
        "event_time", "sent_at", "failed_at", "receives", "replays", "worker",
    ]
    /// The columns that fit on a screen.
    package static let tableColumns = ["sent_at", "reason", "group_id", "event_id", "message_id", "error_message"]

    init(_ message: SQSMessage) {
        self.message = message
        let decoded = DecodedMessage(body: message.body)
        event = decoded.event
        eventID = event?.eventID ?? message.text(DeadLetterAttribute.eventID)
        groupID = decoded.change?.groupID
        reason = message.text(DeadLetterAttribute.reason)
        sentAt = message.systemAttributes["SentTimestamp"].flatMap(Double.init).map {
            Date(timeIntervalSince1970: $0 / 1000)
        }
    }

    /// The message's id, which a move by SQS does not change.
    package var messageID: String { message.messageID }

    /// Everything that the message holds: the columns, then its attributes and its body.
    ///
    /// An attribute that is called like a column gets `attribute:` before its name, so that no name is there twice.
    package var details: [(name: String, value: AuditValue)] {
        let taken = Set(Self.columns + ["body"])
        let attributes = message.messageAttributes.sorted { $0.key < $1.key }.map { name, value in
            (
                taken.contains(name) ? "attribute:\(name)" : name,
                AuditValue.text(value.stringValue ?? value.binaryValue?.base64EncodedString() ?? "")
            )
        }
        return zip(Self.columns, values).map { ($0, $1) } + attributes + [("body", .text(message.body))]
    }

    /// The cells, in the order of `columns`.
    package var values: [AuditValue] {
        func text(_ value: String?) -> AuditValue { value.map(AuditValue.text) ?? .null }
        func time(_ value: Date?) -> AuditValue { text(value.map { RFC3339.format($0) }) }
        return [
            .text(message.messageID), text(eventID), text(reason),
            text(message.text(DeadLetterAttribute.error) ?? lastError),
            text(event?.eventName), text(event?.account), text(event?.region), text(groupID), text(event?.actor.arn),
            time(event?.eventTime), time(sentAt), text(message.text(DeadLetterAttribute.failedAt)),
            .integer(Int64(message.receiveCount)), .integer(Int64(message.replayCount)),
            text(message.text(DeadLetterAttribute.worker)),
        ]
    }
}
