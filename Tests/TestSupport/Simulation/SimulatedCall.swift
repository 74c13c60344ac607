import AWSClient
import Foundation
import TestSupport

/// A request to AWS, taken apart: service, Region, action and parameters.
struct SimulatedCall {
    let service: String
    let region: String
    let action: String
    /// The parameters of the Query protocol.
    let form: [String: String]
    /// The parameters of SQS's JSON protocol.
    let json: SQSRequest

    init(_ request: HTTPRequest) {
        let host = request.url.host.split(separator: ".")
        service = String(host.first ?? "")
        region = host.count > 1 ? String(host[1]) : ""
        if let target = request.headers["X-Amz-Target"] {
            action = target.split(separator: ".").last.map(String.init) ?? ""
            json = SQSRequest(request.body) ?? SQSRequest()
            form = [:]
        } else {
            form = QueryForm(request.body).values
            action = form["Action"] ?? ""
            json = SQSRequest()
        }
    }

    /// The members `NAME.1`, `NAME.2`, … of a list.
    func list(_ name: String) -> [String] {
        QueryForm.list(name, in: form)
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
        return json(["Messages": entries.map(SQSReceivedMessage.init)])
    }
}

extension SQSReceivedMessage {
    fileprivate init(_ entry: SimulatedQueue.Entry) {
        let first = SimulatedMachine.start.timeIntervalSince1970 + entry.firstReceivedAt.inSeconds
        self.init(
            id: entry.messageID,
            receiptHandle: entry.receiptHandle,
            body: entry.body,
            system: [
                "ApproximateReceiveCount": String(entry.receives), "SenderId": "AIDAEVENTS",
                "ApproximateFirstReceiveTimestamp": String(Int64(first * 1000)),
            ],
            attributes: entry.attributes
        )
    }
}
