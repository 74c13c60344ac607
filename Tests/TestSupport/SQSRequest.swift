package import AWSClient
import Foundation

/// The parameters of a call of SQS's JSON protocol.
package struct SQSRequest: Decodable, Sendable {
    package var queueURL: String?
    package var maximum: Int?
    package var visibility: Int?
    package var wait: Int?
    package var body: String?
    package var attributes: [String: MessageAttributeValue]?
    package var groupID: String?
    package var deduplicationID: String?
    package var entries: [SQSEntry]?

    enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case maximum = "MaxNumberOfMessages"
        case visibility = "VisibilityTimeout"
        case wait = "WaitTimeSeconds"
        case body = "MessageBody"
        case attributes = "MessageAttributes"
        case groupID = "MessageGroupId"
        case deduplicationID = "MessageDeduplicationId"
        case entries = "Entries"
    }

    /// A call without parameters.
    package init() {}

    /// Reads the body of a request; nil if it is no such call.
    package init?(_ body: [UInt8]) {
        guard let request = try? JSONDecoder().decode(Self.self, from: Data(body)) else { return nil }
        self = request
    }
}

/// An entry of a batch, in the request and in the response.
package struct SQSEntry: Codable, Sendable {
    package var id: String
    package var receiptHandle: String?
    package var visibility: Int?
    /// The error code, in the response.
    package var code: String?
    /// True if the error is the caller's, in the response.
    package var isSenderFault: Bool?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case receiptHandle = "ReceiptHandle"
        case visibility = "VisibilityTimeout"
        case code = "Code"
        case isSenderFault = "SenderFault"
    }
}

/// A message in the response to a receive.
package struct SQSReceivedMessage: Encodable, Sendable {
    let id: String
    let receiptHandle: String
    let body: String
    let system: [String: String]
    let attributes: [String: MessageAttributeValue]

    enum CodingKeys: String, CodingKey {
        case id = "MessageId"
        case receiptHandle = "ReceiptHandle"
        case body = "Body"
        case system = "Attributes"
        case attributes = "MessageAttributes"
    }

    package init(
        id: String,
        receiptHandle: String,
        body: String,
        system: [String: String],
        attributes: [String: MessageAttributeValue]
    ) {
        self.id = id
        self.receiptHandle = receiptHandle
        self.body = body
        self.system = system
        self.attributes = attributes
    }
}

extension MessageAttributeValue: Codable {
    private enum CodingKeys: String, CodingKey {
        case dataType = "DataType"
        case stringValue = "StringValue"
        case binaryValue = "BinaryValue"
    }

    /// Reads the attribute as SQS writes it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            dataType: try container.decode(String.self, forKey: .dataType),
            stringValue: try container.decodeIfPresent(String.self, forKey: .stringValue),
            binaryValue: try container.decodeIfPresent(Data.self, forKey: .binaryValue)
        )
    }

    /// Writes the attribute as SQS does.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(dataType, forKey: .dataType)
        try container.encodeIfPresent(stringValue, forKey: .stringValue)
        try container.encodeIfPresent(binaryValue, forKey: .binaryValue)
    }
}

/// The parameters of a call of the query protocol, which are a form.
package struct QueryForm: Sendable {
    package let values: [String: String]

    /// Reads the body of a request.
    package init(_ body: [UInt8]) {
        let pairs = String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
            pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.removingPercentEncoding ?? "" }
        }
        values = Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
    }

    /// The members `NAME.1`, `NAME.2`, … of a list.
    package static func list(_ name: String, in values: [String: String]) -> [String] {
        (1...1000).lazy.map { values["\(name).\($0)"] }.prefix { $0 != nil }.compactMap(\.self)
    }
}
