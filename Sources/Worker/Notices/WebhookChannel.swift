package import AWSClient
import Formats
import Foundation
import Hashing
import Ledger

/// The URL of a webhook, and the secret that proves the sender.
package struct Webhook: Sendable {
    /// The URL. It may hold a secret, so logs show only its host.
    let url: HTTPURL
    /// The key of the signature; nil for no signature.
    let secret: [UInt8]?

    /// Creates a webhook at `url`.
    ///
    /// - Returns: Nil if it is not an https URL.
    package init?(url: String, secret: [UInt8]? = nil) {
        guard let url = HTTPURL(url), url.scheme == .https else { return nil }
        self.url = url
        self.secret = secret
    }

    /// True if notices are signed.
    package var isSigned: Bool { secret != nil }

    /// Asks whether somebody answers there, with a method that posts nothing.
    ///
    /// - Returns: the status of the answer.
    /// - Throws: what kept an answer from coming: a name that is not found, a certificate that is not believed.
    package func probe(by transport: any HTTPTransport) async throws -> Int {
        try await transport.send(HTTPRequest(method: "OPTIONS", url: url), timeout: .seconds(10)).status
    }

    /// The host alone, for logs and `doctor`.
    package var redacted: String { "https://\(url.authority)/…" }
}

/// A channel to a webhook: as text a body that Slack understands, as JSON the notice itself.
struct WebhookChannel: NotificationChannel {
    /// The longest time of the whole exchange.
    private static let timeout: Duration = .seconds(10)

    let name: String
    private let webhook: Webhook
    private let format: NoticeFormat
    private let transport: any HTTPTransport

    init(_ webhook: Webhook, _ format: NoticeFormat, _ transport: any HTTPTransport) {
        // The URL may hold a secret, so the name has only its digest.
        name = "webhook:" + Digest.hex(Digest.sha256("\(webhook.url)?\(webhook.url.query)".utf8)).prefix(16)
        self.webhook = webhook
        self.format = format
        self.transport = transport
    }

    func deliver(_ notice: Notice) async throws {
        let body = Array(try text(of: notice).utf8)
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let secret = webhook.secret {
            headers["X-Sg-Revert-Signature"] = "sha256=" + Digest.hex(Digest.hmac(key: secret, body))
        }
        let request = HTTPRequest(method: "POST", url: webhook.url, headers: headers, body: body)
        let response: HTTPResponse
        do {
            response = try await transport.send(request, timeout: Self.timeout)
        } catch {
            throw WebhookRefusal(webhook: webhook.redacted, reason: "\(error)")
        }
        guard (200..<300).contains(response.status) else {
            throw WebhookRefusal(webhook: webhook.redacted, reason: "it answered with status \(response.status)")
        }
    }

    private func text(of notice: Notice) throws -> String {
        switch format {
        case .json: NoticeDocument(notice).text
        case .text: #"{"text":\#(JSONText.quoted(Self.slackEscaped(try NoticeText(notice).body)))}"#
        }
    }

    /// Escapes the three characters that begin links, mentions and entities in Slack's text.
    private static func slackEscaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}

/// A webhook did not accept a notice.
struct WebhookRefusal: Error, CustomStringConvertible {
    let webhook: String
    let reason: String

    var description: String { "the webhook \(webhook) did not take the notice: \(reason); check --webhook-url" }
}
