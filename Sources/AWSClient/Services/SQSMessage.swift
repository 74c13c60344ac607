import Formats
package import Foundation

/// A message, as one receive returned it.
package struct SQSMessage: Hashable, Sendable {
    /// The message's id. It stays the same for every receive and after a move to a dead-letter queue.
    package let messageID: String
    /// The handle with which this receive may delete or postpone the message. It must not be logged.
    package let receiptHandle: String
    /// The body, unchanged.
    package let body: String
    /// The attributes that SQS adds: `SentTimestamp`, `ApproximateReceiveCount`, `DeadLetterQueueSourceArn`, …
    package let systemAttributes: [String: String]
    /// The attributes that the sender added.
    package let messageAttributes: [String: MessageAttributeValue]

    /// Creates a message. Tests script receives with it.
    package init(
        messageID: String,
        receiptHandle: String,
        body: String,
        systemAttributes: [String: String] = [:],
        messageAttributes: [String: MessageAttributeValue] = [:]
    ) {
        self.messageID = messageID
        self.receiptHandle = receiptHandle
        self.body = body
        self.systemAttributes = systemAttributes
        self.messageAttributes = messageAttributes
    }

    /// The number of receives of the message, this one included: at least 1. SQS calls it approximate.
    package var receiveCount: Int {
        max(1, systemAttributes["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1)
    }

    /// The principal that sent the message, as SQS attests it: a user's id, a role's id with `:` and a session name, or
    /// an account.
    package var senderID: String? { systemAttributes["SenderId"] }

    /// The X-Ray trace that the message belongs to, as `Root=1-…;Parent=…;Sampled=…`.
    package var traceHeader: String? { systemAttributes["AWSTraceHeader"] }
}

/// The value of a message attribute.
package struct MessageAttributeValue: Hashable, Sendable {
    /// `String`, `Number` or `Binary`, with an optional `.` and a name after it.
    package let dataType: String
    /// The value of a `String` or `Number`.
    package let stringValue: String?
    /// The value of a `Binary`.
    package let binaryValue: Data?

    /// Creates a value of any type.
    package init(dataType: String, stringValue: String? = nil, binaryValue: Data? = nil) {
        self.dataType = dataType
        self.stringValue = stringValue
        self.binaryValue = binaryValue
    }

    /// Creates a value of the type `String`. SQS does not allow it to be empty.
    package static func string(_ value: String) -> Self {
        Self(dataType: "String", stringValue: value)
    }
}

/// The error of one entry of a batch. Other entries may have succeeded.
package struct BatchEntryFailure: Error, Hashable, CustomStringConvertible {
    /// The error code, such as `ReceiptHandleIsInvalid`.
    package let code: String
    /// SQS's text of the error.
    package let message: String
    /// True if the request was wrong, so that sending it again would not help.
    package let isSenderFault: Bool

    /// Creates an error. Tests script responses with it.
    package init(code: String, message: String, isSenderFault: Bool) {
        self.code = code
        self.message = message
        self.isSenderFault = isSenderFault
    }

    /// One line for a person.
    package var description: String {
        "\(plainText(code, limit: 200)): \(plainText(message, limit: 200))"
    }
}
