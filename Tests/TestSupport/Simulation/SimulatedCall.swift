import AWSClient
import Foundation

/// A request to AWS, taken apart: service, Region, action and parameters.
struct SimulatedCall {
    let service: String
    let region: String
    let action: String
    /// The parameters of the Query protocol.
    let form: [String: String]
    /// The parameters of SQS's JSON protocol.
    let json: Parameters

    init(_ request: HTTPRequest) {
        let host = request.url.host.split(separator: ".")
        service = String(host.first ?? "")
        region = host.count > 1 ? String(host[1]) : ""
        if let target = request.headers["X-Amz-Target"] {
            action = target.split(separator: ".").last.map(String.init) ?? ""
            json = (try? JSONDecoder().decode(Parameters.self, from: Data(request.body))) ?? Parameters()
            form = [:]
        } else {
            let pairs = String(decoding: request.body, as: UTF8.self).split(separator: "&").map { pair in
                pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    .map { $0.removingPercentEncoding ?? "" }
            }
            form = Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
            action = form["Action"] ?? ""
            json = Parameters()
        }
    }

    /// The members `NAME.1`, `NAME.2`, … of a list.
    func list(_ name: String) -> [String] {
        (1...1000).lazy.map { form["\(name).\($0)"] }.prefix { $0 != nil }.compactMap(\.self)
    }

    /// What SQS's calls take.
    struct Parameters: Decodable {
        var queueURL: String?
        var maximum: Int?
        var visibility: Int?
        var wait: Int?
        var body: String?
        var attributes: [String: Attribute]?
        var entries: [Entry]?

        enum CodingKeys: String, CodingKey {
            case queueURL = "QueueUrl"
            case maximum = "MaxNumberOfMessages"
            case visibility = "VisibilityTimeout"
            case wait = "WaitTimeSeconds"
            case body = "MessageBody"
            case attributes = "MessageAttributes"
            case entries = "Entries"
        }
    }

    /// An entry of a batch.
    struct Entry: Decodable {
        let id: String
        let receiptHandle: String
        let visibility: Int?

        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case receiptHandle = "ReceiptHandle"
            case visibility = "VisibilityTimeout"
        }
    }
}

/// A message attribute of SQS.
package struct Attribute: Codable, Sendable {
    package let dataType: String
    package let stringValue: String?

    enum CodingKeys: String, CodingKey {
        case dataType = "DataType"
        case stringValue = "StringValue"
    }
}

extension HTTPResponse {
    static func text(_ text: String, status: Int = 200) -> Self {
        HTTPResponse(status: status, body: Array(text.utf8))
    }

    static func json(_ value: some Encodable) -> Self {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return HTTPResponse(status: 200, body: (try? Array(encoder.encode(value))) ?? [])
    }

    /// An error in EC2's form, which the clients of all services read.
    static func failure(_ code: String, status: Int = 400) -> Self {
        text(
            "<Response><Errors><Error><Code>\(code)</Code><Message>simulated</Message></Error></Errors>"
                + "<RequestID>req-error</RequestID></Response>",
            status: status
        )
    }

    static func identity(_ role: String) -> Self {
        let name = role.split(separator: "/").last.map(String.init) ?? ""
        return text(
            "<R><GetCallerIdentityResult><Account>\(SimulatedRecord.account)</Account>"
                + "<Arn>arn:aws:sts::\(SimulatedRecord.account):assumed-role/\(name)/worker</Arn><UserId>id</UserId>"
                + "</GetCallerIdentityResult></R>"
        )
    }

    static func received(_ entries: [SimulatedQueue.Entry]) -> Self {
        guard !entries.isEmpty else { return text("{}") }
        return json(["Messages": entries.map(Received.init)])
    }

    private struct Received: Encodable {
        let id: String
        let receiptHandle: String
        let body: String
        let system: [String: String]
        let attributes: [String: Attribute]

        enum CodingKeys: String, CodingKey {
            case id = "MessageId"
            case receiptHandle = "ReceiptHandle"
            case body = "Body"
            case system = "Attributes"
            case attributes = "MessageAttributes"
        }

        init(_ entry: SimulatedQueue.Entry) {
            id = entry.messageID
            receiptHandle = entry.receiptHandle
            body = entry.body
            system = [
                "ApproximateReceiveCount": String(entry.receives), "SenderId": "AIDAEVENTS",
                "ApproximateFirstReceiveTimestamp": String(
                    Int64((SimulatedMachine.start.timeIntervalSince1970 + entry.firstReceivedAt.inSeconds) * 1000)
                ),
            ]
            attributes = entry.attributes
        }
    }
}
