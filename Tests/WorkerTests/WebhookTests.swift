import AWSClient
import Foundation
import Hashing
import Ledger
import Synchronization
import Testing

@testable import Worker

/// A webhook gets notices signed, over https, and its address stays out of every log.
@Suite struct WebhookTests {
    /// An HTTP transport that remembers requests and answers with one status.
    private final class Recorder: HTTPTransport {
        let status: Int
        private let failure: HTTPTransportError?
        private let all = Mutex<[HTTPRequest]>([])

        init(status: Int = 200, failure: HTTPTransportError? = nil) {
            self.status = status
            self.failure = failure
        }

        var requests: [HTTPRequest] { all.withLock(\.self) }

        func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
            all.withLock { $0.append(request) }
            if let failure { throw failure }
            return HTTPResponse(status: status)
        }
    }

    private let notice = Notice(
        id: "e1:reverted",
        kind: "reverted",
        eventID: "e1",
        payloads: [#"{"event_id":"e1","error_message":"<!channel> & <http://x|y>","rules":[]}"#]
    )

    private func webhook(secret: String? = nil) throws -> Webhook {
        let url = "https://hooks.example/services/T0/secret-path?token=secret-query"
        return try #require(Webhook(url: url, secret: secret.map { Array($0.utf8) }))
    }

    @Test(arguments: ["http://hooks.example/x", "ftp://hooks.example/", "hooks.example", ""])
    func `only https is taken`(url: String) {
        #expect(Webhook(url: url) == nil)
    }

    @Test func `as text the body is what Slack takes, its control characters escaped`() async throws {
        let transport = Recorder()
        try await WebhookChannel(webhook(), .text, transport).deliver(notice)
        let request = try #require(transport.requests.first)
        #expect(request.method == "POST" && request.headers["Content-Type"] == "application/json")
        #expect(request.headers["X-Sg-Revert-Signature"] == nil)
        let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: String])
        let text = try #require(body["text"])
        #expect(text.hasPrefix("sg-revert: reverted") && text.contains("&lt;!channel&gt; &amp; &lt;http://x|y&gt;"))
        #expect(!text.contains("<"))
    }

    @Test func `as JSON the body is the notice, and the signature is that of the body`() async throws {
        let transport = Recorder()
        try await WebhookChannel(webhook(secret: "key"), .json, transport).deliver(notice)
        let request = try #require(transport.requests.first)
        #expect(String(decoding: request.body, as: UTF8.self) == NoticeDocument(notice).text)
        let expected = Digest.hex(Digest.hmac(key: Array("key".utf8), request.body))
        #expect(request.headers["X-Sg-Revert-Signature"] == "sha256=\(expected)")
    }

    @Test(arguments: [400, 404, 429, 500, 302])
    func `a refusal names the host and the status, and neither path nor query`(status: Int) async throws {
        let channel = WebhookChannel(try webhook(secret: "key"), .json, Recorder(status: status))
        await #expect {
            try await channel.deliver(notice)
        } throws: { error in
            let line = "\(error)"
            return line.contains("https://hooks.example/…") && line.contains("\(status)") && !line.contains("secret")
        }
        #expect(!channel.name.contains("secret") && !channel.name.contains("hooks"))
    }

    @Test(arguments: [
        HTTPTransportError.timedOut(host: "hooks.example", after: .seconds(10)),
        .connectionFailed(host: "hooks.example", reason: "SSL certificate problem"),
    ]
    )
    func `what keeps an answer from coming names the host and the cause, and neither path nor query`(
        failure: HTTPTransportError
    ) async throws {
        let channel = WebhookChannel(try webhook(secret: "key"), .json, Recorder(failure: failure))
        await #expect {
            try await channel.deliver(notice)
        } throws: { error in
            "\(error)".contains("\(failure)") && !"\(error)".contains("secret")
        }
    }

    @Test func `the doctor's question posts nothing`() async throws {
        let transport = Recorder(status: 405)
        let webhook = try webhook(secret: "key")
        #expect(try await webhook.probe(by: transport) == 405)
        let request = try #require(transport.requests.first)
        #expect(request.method == "OPTIONS" && request.body.isEmpty && webhook.isSigned)
    }

    @Test func `an event bus gets the notice as the detail of an event that others can match`() async throws {
        let recorder = Recorder()
        let session = try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "eu-west-1",
            transport: recorder,
            logger: .silent
        )
        let bus = "arn:aws:events:eu-central-1:111122223333:event-bus/security"
        // The recorder's answer accounts for no event, which is an error.
        await #expect(throws: AWSClientError.self) { try await EventBridgeChannel(bus, session).deliver(notice) }
        let request = try #require(recorder.requests.first)
        #expect(request.url.host == "events.eu-central-1.amazonaws.com")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
        let entry = try #require((json["Entries"] as? [[String: Any]])?.first)
        #expect(entry["Source"] as? String == "sg-revert" && entry["EventBusName"] as? String == bus)
        #expect(entry["DetailType"] as? String == "Security Group Reverted")
        #expect(entry["Detail"] as? String == NoticeDocument(notice).text)
    }
}
