import AWSClient
import Formats
import Foundation

/// The facts about a failure that a message in the dead-letter queue carries in its attributes.
struct DeadLetterStory: Sendable {
    let reason: DeadLetterReason
    let error: String
    let eventID: String?
    let failedAt: Date
    let worker: String

    /// The message's own attributes and those about the failure, within SQS's limits: the error is shortened first,
    /// then attributes are left out, the reason last.
    func attributes(
        beside own: [String: MessageAttributeValue],
        bodySize: Int
    ) -> [String: MessageAttributeValue] {
        let foreign = own.filter { !DeadLetterAttribute.story.contains($0.key) }
        return MessageRoom(beside: foreign, bodySize: bodySize)
            .filled(with: parts, shortened: DeadLetterAttribute.error)
    }

    /// The parts by importance. SQS refuses an empty value, so an empty part is left out.
    private var parts: [(name: String, value: MessageAttributeValue)] {
        let texts = [
            (DeadLetterAttribute.reason, reason.rawValue),
            (DeadLetterAttribute.error, plainText(error, limit: 512)),
            (DeadLetterAttribute.eventID, asciiText(eventID ?? "", limit: 200)),
            (DeadLetterAttribute.failedAt, RFC3339.wholeSeconds(failedAt)),
            (DeadLetterAttribute.worker, asciiText(worker, limit: 200)),
        ]
        return texts.filter { !$0.1.isEmpty }.map { (name: $0.0, value: .string($0.1)) }
    }
}
