package import Foundation

/// A message as one receive brought it.
package struct SQSMessage: Hashable, Sendable {
    /// The same at every receive and after a move to a dead-letter queue.
    package let messageID: String
    /// What this receive may delete or postpone the message with. Never to be logged.
    package let receiptHandle: String
    /// The body, byte for byte.
    package let body: String
    /// What SQS knows of it: `SentTimestamp`, `ApproximateReceiveCount`, `DeadLetterQueueSourceArn`, …
    package let systemAttributes: [String: String]
    /// What its sender added.
    package let messageAttributes: [String: MessageAttributeValue]

    /// A message; tests script receives with it.
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

    /// How often the message has been received, this time included: at least 1. Approximate, says SQS.
    package var receiveCount: Int {
        max(1, systemAttributes["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1)
    }

    /// The principal that sent the message, as SQS knows it: a user's id, a role's id with `:` and a session name, or an account.
    package var senderID: String? { systemAttributes["SenderId"] }

    /// The X-Ray trace that the message belongs to, as `Root=1-…;Parent=…;Sampled=…`.
    package var traceHeader: String? { systemAttributes["AWSTraceHeader"] }
}

/// The value of a message attribute.
package struct MessageAttributeValue: Hashable, Sendable {
    /// `String`, `Number` or `Binary`, and perhaps `.` and a name of the sender's.
    package let dataType: String
    /// The value of a `String` or `Number`.
    package let stringValue: String?
    /// The value of a `Binary`.
    package let binaryValue: Data?

    /// A value of any type.
    package init(dataType: String, stringValue: String? = nil, binaryValue: Data? = nil) {
        self.dataType = dataType
        self.stringValue = stringValue
        self.binaryValue = binaryValue
    }

    /// A value of the type `String`, which SQS does not allow to be empty.
    package static func string(_ value: String) -> Self {
        Self(dataType: "String", stringValue: value)
    }
}

/// Why one entry of a batch was not carried out, while others may have been.
package struct BatchEntryFailure: Error, Hashable, CustomStringConvertible {
    /// The error code, such as `ReceiptHandleIsInvalid`.
    package let code: String
    /// SQS's own words.
    package let message: String
    /// Whether the request was at fault, so that sending it again would not help.
    package let isSenderFault: Bool

    /// A failure; tests script answers with it.
    package init(code: String, message: String, isSenderFault: Bool) {
        self.code = code
        self.message = message
        self.isSenderFault = isSenderFault
    }

    /// One line for a person.
    package var description: String {
        "\(printable(code)): \(printable(message))"
    }
}
