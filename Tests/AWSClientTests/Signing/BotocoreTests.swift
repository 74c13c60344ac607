import Formats
import Foundation
import TestSupport
import Testing

@testable import AWSClient

/// Requests that nobody thought of, signed here and by botocore.
///
/// SigV4 beside botocore.
@Suite(.enabled(if: Botocore.isAvailable, "no Python with botocore")) struct BotocoreTests {
    private struct Answer: Decodable {
        let canonical: String
        let signature: String
    }

    @Test func `both sign 300 generated requests alike`() throws {
        var generator = SeededGenerator(seed: 42)
        let cases = try (0..<300).map { _ in try SigningCase(using: &generator) }
        let answers = try Botocore.ask(cases, for: Answer.self)
        try #require(answers.count == cases.count)
        for (signingCase, answer) in zip(cases, answers) {
            let trace = try signingCase.sign()
            #expect(String(decoding: trace.canonicalRequest, as: UTF8.self) == answer.canonical)
            #expect(trace.signature == answer.signature)
        }
    }
}

/// One request, in the names of the script's JSON.
private struct SigningCase: Encodable {
    let kind = "sign"
    let method: String
    let url: String
    let headers: [[String]]
    let body: String
    let accessKey = "AKIDEXAMPLE"
    let secretKey: String
    let token: String?
    let region: String
    let service: String
    let timestamp: String

    init(using generator: inout SeededGenerator) throws {
        func text(_ alphabet: String, _ count: ClosedRange<Int>) -> String { generator.text(alphabet, count) }
        let odd = "abzAZ019-._~ !\"#$%&'()*+,/:;<=>?@[]^`{|}äሴ😀"
        method = Bool.random(using: &generator) ? "POST" : "GET"
        let segments = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            [".", "..", "", URIEncoding.encode(text(odd, 1...8))].randomElement(using: &generator) ?? ""
        }
        let query = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            "\(URIEncoding.encode(text(odd, 1...6)))=\(URIEncoding.encode(text(odd, 0...6)))"
        }
        let host = ["sqs.eu-west-1.amazonaws.com", "localhost:4566"].randomElement(using: &generator) ?? ""
        url =
            "https://\(host)/\(segments.joined(separator: "/"))"
            + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        var headers = [["Content-Type", "application/x-amz-json-1.0"], ["User-Agent", "test"]]
        for name in ["X-Amz-Target", "X-Amz-Foo", "X-Amz-Foo-Bar", "amz-sdk-request", "x-amzn-query-mode"] {
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                headers.append([name, text("ab \t;=,\"ä", 0...12)])
            }
        }
        self.headers = headers
        body = method == "GET" ? "" : text(odd + "\n\r\t", 0...100)
        secretKey = text("abcABC123+/", 20...40)
        token = Bool.random(using: &generator) ? text("abcABC123+/=", 20...60) : nil
        region = ["eu-west-1", "us-gov-east-1"].randomElement(using: &generator) ?? ""
        service = ["sqs", "ec2", "sts"].randomElement(using: &generator) ?? ""
        timestamp = RFC3339.basic(
            Date(timeIntervalSince1970: TimeInterval(Int.random(in: 0..<4_000_000_000, using: &generator)))
        )
    }

    func sign() throws -> SigV4Signer.Trace {
        let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        let request = HTTPRequest(method: method, url: try #require(HTTPURL(url)), body: Array(body.utf8))
        var fields = HTTPHeaders()
        for field in headers { fields.add(field[0], field[1]) }
        let credentials = Credentials(accessKeyID: accessKey, secretAccessKey: secretKey, sessionToken: token)
        return SigV4Signer(credentials: credentials, region: region, service: service)
            .sign(
                &fields,
                of: request,
                path: request.url.path,
                query: request.url.query,
                at: try style.parse(timestamp)
            )
    }
}
