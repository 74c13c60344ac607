import Formats
import Foundation

/// The members of SQS's JSON protocol, in SQS's names.

extension SQSMessage {
    /// Reads a message. Missing attributes count as none. Nil without an id, a handle or a body.
    init?(_ json: JSONTree) {
        guard let id = json["MessageId"]?.string, let handle = json["ReceiptHandle"]?.string,
            let body = json["Body"]?.string
        else { return nil }
        self.init(
            messageID: id,
            receiptHandle: handle,
            body: body,
            systemAttributes: json["Attributes"]?.strings ?? [:],
            messageAttributes: Dictionary(
                (json["MessageAttributes"]?.members ?? []).compactMap { name, value in
                    MessageAttributeValue(value).map { (name, $0) }
                },
                uniquingKeysWith: { $1 }
            )
        )
    }
}

extension MessageAttributeValue {
    /// Reads a value; nil without a type.
    init?(_ json: JSONTree) {
        guard let dataType = json["DataType"]?.string else { return nil }
        self.init(
            dataType: dataType,
            stringValue: json["StringValue"]?.string,
            binaryValue: json["BinaryValue"]?.string.flatMap { Data(base64Encoded: $0) }
        )
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("DataType", dataType)
            writer.member("StringValue", stringValue)
            writer.member("BinaryValue", binaryValue?.base64EncodedString())
        }
    }
}

extension JSONTree {
    /// The members of an object that are strings.
    var strings: [String: String] {
        let pairs = (members ?? []).compactMap { name, value in value.string.map { (name, $0) } }
        return Dictionary(pairs) { $1 }
    }
}

/// The response to a batch. Its status is 200 even if entries failed.
struct BatchAnswer {
    let json: JSONTree

    /// The result for each of `count` entries, whose ids are their positions.
    ///
    /// An entry that the response does not name is not done. If the response names an id that was not sent, no entry
    /// counts as done.
    func outcomes(count: Int) -> [BatchEntryFailure?] {
        let unnamed = BatchEntryFailure(
            code: "MissingFromAnswer",
            message: "the answer does not account for this entry",
            isSenderFault: false
        )
        let all: [BatchEntryFailure?] = Array(repeating: unnamed, count: count)
        var outcomes = all
        for success in json["Successful"]?.elements ?? [] {
            guard let index = Self.index(success, in: outcomes) else { return all }
            outcomes[index] = nil
        }
        for failure in json["Failed"]?.elements ?? [] {
            guard let index = Self.index(failure, in: outcomes) else { return all }
            outcomes[index] = BatchEntryFailure(
                code: failure["Code"]?.string ?? "Unknown",
                message: failure["Message"]?.string ?? "",
                isSenderFault: failure["SenderFault"]?.bool ?? false
            )
        }
        return outcomes
    }

    private static func index(_ entry: JSONTree, in outcomes: [BatchEntryFailure?]) -> Int? {
        entry["Id"]?.string.flatMap { Int($0) }.flatMap { outcomes.indices.contains($0) ? $0 : nil }
    }
}
