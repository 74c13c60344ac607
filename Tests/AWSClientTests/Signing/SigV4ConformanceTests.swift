import Foundation
import Testing

@testable import AWSClient

/// AWS's own suite of signatures.
///
/// SigV4, AWS's test suite.
@Suite(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")) struct SigV4ConformanceTests {
    static let cases = Conformance.folders("sigv4/v4")

    @Test func `the suite is there`() {
        #expect(Self.cases.count == 38)
    }

    @Test(arguments: cases)
    func `signs like AWS`(name: String) throws {
        let context = try Conformance.json("sigv4/v4/\(name)/context.json")
        let raw = try RawRequest(Conformance.text("sigv4/v4/\(name)/request.txt"))
        let keys = try #require(context["credentials"] as? [String: String])
        let signer = SigV4Signer(
            credentials: Credentials(
                accessKeyID: try #require(keys["access_key_id"]),
                secretAccessKey: try #require(keys["secret_access_key"]),
                sessionToken: keys["token"]
            ),
            region: try #require(context["region"] as? String),
            service: try #require(context["service"] as? String),
            options: .init(
                normalizesPath: context["normalize"] as? Bool ?? true,
                sendsPayloadHash: context["sign_body"] as? Bool ?? false,
                signsSessionToken: !(context["omit_session_token"] as? Bool ?? false)
            )
        )
        let url = try #require(HTTPURL("https://example.amazonaws.com/"))
        let request = HTTPRequest(method: raw.method, url: url, body: raw.body)
        let date = try Date(try #require(context["timestamp"] as? String), strategy: .iso8601)

        var headers = raw.headers
        let trace = signer.sign(&headers, of: request, path: raw.path, query: raw.query, at: date)

        #expect(
            try String(decoding: trace.canonicalRequest, as: UTF8.self)
                == Conformance.text("sigv4/v4/\(name)/header-canonical-request.txt")
        )
        #expect(try trace.stringToSign == Conformance.text("sigv4/v4/\(name)/header-string-to-sign.txt"))
        #expect(try trace.signature == Conformance.text("sigv4/v4/\(name)/header-signature.txt"))
        let signed = try RawRequest(Conformance.text("sigv4/v4/\(name)/header-signed-request.txt"))
        #expect(headers["Authorization"] == signed.headers["Authorization"])
        #expect(headers["X-Amz-Security-Token"] == signed.headers["X-Amz-Security-Token"])
    }
}

/// A request as the suite writes it: like HTTP, with spaces in the path and folded headers.
private struct RawRequest {
    let method: String
    let path: String
    let query: String
    var headers = HTTPHeaders()
    let body: [UInt8]

    init(_ text: String) throws {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = parts[0].split(separator: "\n")
        let requestLine = lines.removeFirst()
        let words = requestLine.split(separator: " ")
        method = String(try #require(words.first))
        let target = requestLine.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
            .split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(target[0])
        query = target.count == 2 ? String(target[1]) : ""
        var fields: [String] = []
        for line in lines {
            if line.hasPrefix(" "), let last = fields.popLast() {
                fields.append(last + " " + line)
            } else {
                fields.append(String(line))
            }
        }
        for field in fields {
            let pair = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.add(String(pair[0]), String(pair[1]))
        }
        body = parts.count == 2 ? Array(parts[1].utf8) : []
    }
}
