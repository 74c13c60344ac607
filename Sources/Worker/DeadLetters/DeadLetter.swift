import AWSClient
import CloudTrailEvents
import Formats
package import Foundation
package import Ledger
import SecurityGroups

/// Why the worker itself put a message into the dead-letter queue. The raw values are public.
package enum DeadLetterReason: String, Sendable, CaseIterable {
    /// The body is not JSON.
    case notJSON = "not-json"
    /// The body is JSON, but no record with an `eventID`.
    case noEventID = "no-event-id"
    /// The record has a shape that cannot be read.
    case undecodable
    /// The record names a Region, account, group or rule id that cannot exist.
    case impossible
    /// Every receive that the queue allows has failed.
    case gaveUp = "gave-up"
}

/// The message attributes that carry a dead letter's story.
enum DeadLetterAttribute {
    static let reason = "SgRevertReason"
    static let error = "SgRevertError"
    static let eventID = "SgRevertEventId"
    static let failedAt = "SgRevertFailedAt"
    static let worker = "SgRevertWorker"
    static let replayCount = "SgRevertReplayCount"

    /// What the worker says of a failure; a replay takes these off again.
    static let story = [reason, error, eventID, failedAt, worker]
}

/// A message in the dead-letter queue, with what it says of its failure and of its event.
package struct DeadLetter: Sendable {
    let message: SQSMessage
    /// The id of the event in it, where it can be read.
    package let eventID: String?
    /// The security group that the event changed.
    package let groupID: String?
    /// Why it failed; nil where SQS itself moved it.
    package let reason: String?
    /// When the message was sent to the queue where it failed.
    package let sentAt: Date?
    /// What the ledger says of the event's last failure, for a message that SQS itself moved and that says nothing.
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

    /// Everything that the message holds: the columns, and then its attributes and its body.
    package var details: [(name: String, value: AuditValue)] {
        let attributes = message.messageAttributes.sorted { $0.key < $1.key }.map { name, value in
            (name, AuditValue.text(value.stringValue ?? value.binaryValue?.base64EncodedString() ?? ""))
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

extension SQSMessage {
    /// How often somebody replayed the message.
    var replayCount: Int {
        text(DeadLetterAttribute.replayCount).flatMap(Int.init) ?? 0
    }

    fileprivate func text(_ attribute: String) -> String? {
        messageAttributes[attribute]?.stringValue
    }
}

/// What a message in the dead-letter queue says of its failure.
struct DeadLetterStory: Sendable {
    let reason: DeadLetterReason
    let error: String
    let eventID: String?
    let failedAt: Date
    let worker: String

    /// SQS allows ten attributes.
    private static let attributeLimit = 10
    /// SQS allows 1 MiB for the body and all attributes, names and types included.
    private static let sizeLimit = 1_048_576

    /// The message's own attributes with the story added, as far as SQS's limits allow: the error is shortened, then parts
    /// are left out, the reason last.
    func attributes(
        beside own: [String: MessageAttributeValue],
        bodySize: Int
    ) -> [String: MessageAttributeValue] {
        var attributes = own.filter { !DeadLetterAttribute.story.contains($0.key) }
        let parts = [
            (DeadLetterAttribute.reason, reason.rawValue),
            (DeadLetterAttribute.error, plainText(error, limit: 512)),
            (DeadLetterAttribute.eventID, asciiText(eventID ?? "", limit: 200)),
            (DeadLetterAttribute.failedAt, failedAt.formatted(.iso8601)),
            (DeadLetterAttribute.worker, asciiText(worker, limit: 200)),
        ]
        var story = parts.filter { !$0.1.isEmpty }.prefix(max(Self.attributeLimit - attributes.count, 0))
            .map { (name: $0.0, value: MessageAttributeValue($0.1)) }
        let room = Self.sizeLimit - bodySize - attributes.reduce(0) { $0 + $1.value.size(named: $1.key) }
        var excess = story.reduce(-room) { $0 + $1.value.size(named: $1.name) }
        if excess > 0, let index = story.firstIndex(where: { $0.name == DeadLetterAttribute.error }) {
            let text = story[index].value.stringValue ?? ""
            let shorter = MessageAttributeValue(text.prefix(utf8Count: text.utf8.count - excess))
            excess -= text.utf8.count - (shorter.stringValue?.utf8.count ?? 0)
            story[index].value = shorter
            // SQS refuses a value that is empty.
            if shorter.stringValue?.isEmpty == true { excess -= shorter.size(named: story.remove(at: index).name) }
        }
        while excess > 0, let part = story.popLast() { excess -= part.value.size(named: part.name) }
        for part in story { attributes[part.name] = part.value }
        return attributes
    }
}

extension String {
    /// The most of the text's beginning that takes no more than `utf8Count` bytes.
    fileprivate func prefix(utf8Count: Int) -> String {
        var rest = utf8Count
        return String(
            String.UnicodeScalarView(
                unicodeScalars.prefix {
                    rest -= $0.utf8.count
                    return rest >= 0
                }
            )
        )
    }
}

extension MessageAttributeValue {
    /// A text.
    init(_ text: String) {
        self.init(dataType: "String", stringValue: text)
    }

    /// The bytes that SQS counts for the attribute.
    fileprivate func size(named name: String) -> Int {
        name.utf8.count + dataType.utf8.count + (stringValue?.utf8.count ?? 0) + (binaryValue?.count ?? 0)
    }
}
