import Foundation
import TestSupport
import Testing

@testable import AWSClient

/// Error bodies of every protocol, read here and by botocore.
///
/// Errors beside botocore.
@Suite(.enabled(if: Botocore.isAvailable, "no Python with botocore")) struct ErrorBotocoreTests {
    private struct Question: Encodable {
        let kind = "error"
        let `protocol`: String
        let status: Int
        let headers: [String: String]
        let body: String
    }

    private struct Answer: Decodable {
        let code: String
        let message: String
        let requestID: String?
    }

    @Test func `both read 200 generated errors alike`() throws {
        var generator = SeededGenerator(seed: 7)
        let questions = (0..<200).map { Self.question($0, &generator) }
        let answers = try Botocore.ask(questions, for: Answer.self)
        try #require(answers.count == questions.count)
        for (question, answer) in zip(questions, answers) {
            var headers = HTTPHeaders()
            for (name, value) in question.headers { headers.add(name, value) }
            let response = HTTPResponse(status: question.status, headers: headers, body: Array(question.body.utf8))
            let found = ErrorDecoder.decode(response, service: "sqs", operation: "X")
            // Where a query-compatible answer has both names, botocore knows the older one alone.
            #expect(found.legacyCode ?? found.code == answer.code, "\(question)")
            #expect(found.message == answer.message, "\(question)")
            #expect(found.requestID == answer.requestID, "\(question)")
        }
    }

    private static func question(_ index: Int, _ generator: inout SeededGenerator) -> Question {
        let code = "C" + generator.text("abcXYZ.", 1...12)
        let text = generator.text("ab ä😀<>&\"'\\/{}", 0...30)
        // Text begins and ends with a letter: white space around it means nothing to us, and something to botocore.
        let message = "m\(text)m"
        let id = generator.text("0123456789abcdef-", 8...36)
        let status = [400, 403, 404, 500, 503][index % 5]
        switch index % 3 {
        case 0:
            let xml = "<Error><Code>\(code)</Code><Message>\(escaped(message))</Message></Error>"
            let body =
                "<?xml version=\"1.0\"?>\n<Response><Errors>\(xml)</Errors><RequestID>\(id)</RequestID></Response>"
            return Question(protocol: "ec2", status: status, headers: [:], body: body)
        case 1:
            let xml = "<Error><Type>Sender</Type><Code>\(code)</Code><Message>\(escaped(message))</Message></Error>"
            let body = "<ErrorResponse xmlns=\"http://x/\">\n \(xml)\n <RequestId>\(id)</RequestId>\n</ErrorResponse>"
            return Question(protocol: "query", status: status, headers: [:], body: body)
        default:
            let namespace = ["", "com.amazonaws.sqs#", "aws.protocoltests#"][index / 3 % 3]
            let key = ["message", "Message"][index / 3 % 2]
            let fields = ["__type": namespace + code, key: message]
            let json = (try? JSONEncoder().encode(fields)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            var headers = ["x-amzn-requestid": id]
            if index / 3 % 4 == 0 { headers["x-amzn-query-error"] = "AWS.Old.\(code);Sender" }
            return Question(protocol: "json", status: status, headers: headers, body: json)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}
