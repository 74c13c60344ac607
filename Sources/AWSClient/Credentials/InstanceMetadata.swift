import Formats
import Foundation
import Logging
import Synchronization

/// The metadata of an EC2 instance, through version 2 of the metadata service alone. Version 1 hands out credentials to
/// anybody who can make the instance send a plain GET.
final class InstanceMetadata: Sendable {
    private struct Token {
        let text: String
        /// The end of its life, since the start of the process. The service counts seconds from the response on.
        let expiration: Duration
    }

    /// The number of tries of one question, if the service answers with 5xx.
    private static let attempts = 4

    let settings: InstanceMetadataSettings
    private let runtime: AWSServiceClient.Runtime
    private let token = Mutex<Token?>(nil)
    private let silence = Mutex<String?>(nil)

    /// The reason why the service did not answer when it was last asked for a token, and what helps.
    var hint: String? { silence.withLock(\.self) }

    init(settings: InstanceMetadataSettings, runtime: AWSServiceClient.Runtime) {
        self.settings = settings
        self.runtime = runtime
    }

    /// The text at `path`; nil if there is no such item, no instance, or asking is disabled.
    func text(_ path: String) async throws -> String? {
        guard !settings.isDisabled else { return nil }
        for isLast in [false, true] {
            guard let token = try await currentToken() else { return nil }
            let response = try await send("GET", path, ["x-aws-ec2-metadata-token": token])
            switch response.status {
            case 200: return String(decoding: response.body, as: UTF8.self)
            case 404: return nil
            // The token has run out, or the instance was restarted.
            case 401 where !isLast: self.token.withLock { $0 = nil }
            default: throw invalid("\(path) answered HTTP \(response.status)")
            }
        }
        return nil
    }

    /// The instance's Region.
    func region() async throws -> AWSRegion? {
        try await text("/latest/meta-data/placement/region").flatMap { AWSRegion($0.trimmingWhitespace()) }
    }

    private func currentToken() async throws -> String? {
        // The token is renewed a minute early, so that it does not run out on the way.
        let deadline = runtime.system.uptime() + .seconds(60)
        if let token = token.withLock(\.self), token.expiration > deadline { return token.text }
        let response: HTTPResponse
        do throws(HTTPTransportError) {
            response = try await asked("PUT", "/latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
        } catch .cancelled {
            throw CancellationError()
        } catch {
            runtime.logger.debug("no EC2 metadata service", metadata: ["error": "\(error)"])
            silence.withLock { $0 = hint(error) }
            return nil
        }
        silence.withLock { $0 = nil }
        switch response.status {
        case 200: break
        case 403, 404, 405:
            throw invalid(
                "it refuses a token (HTTP \(response.status)); enable IMDSv2, or set AWS_EC2_METADATA_DISABLED"
            )
        default: throw invalid("the request for a token was answered HTTP \(response.status)")
        }
        let lifetime = response.headers["x-aws-ec2-metadata-token-ttl-seconds"].flatMap { Int($0) } ?? 21_600
        let text = String(decoding: response.body, as: UTF8.self).trimmingWhitespace()
        token.withLock { $0 = Token(text: text, expiration: runtime.system.uptime() + .seconds(lifetime)) }
        return text
    }

    private func send(_ method: String, _ path: String, _ headers: HTTPHeaders) async throws -> HTTPResponse {
        do throws(HTTPTransportError) {
            return try await asked(method, path, headers)
        } catch .cancelled {
            throw CancellationError()
        } catch {
            throw invalid("\(error)")
        }
    }

    private func asked(
        _ method: String,
        _ path: String,
        _ headers: HTTPHeaders
    ) async throws(HTTPTransportError) -> HTTPResponse {
        guard let url = HTTPURL(settings.endpoint + path) else {
            throw .refused(host: settings.endpoint, reason: "\(plainText(path, limit: 200)) is no path")
        }
        var request = HTTPRequest(method: method, url: url, headers: headers)
        request.isMetadata = true
        request.headers["User-Agent"] = runtime.userAgent
        var attempt = 1
        while true {
            // The service runs beside the machine, so an answer that takes longer does not come.
            let response = try await runtime.transport.send(request, timeout: .seconds(2))
            if response.status < 500 || attempt == Self.attempts { return response }
            let delay = RetryBackoff.delay(.transient, attempt: attempt, random: runtime.system.random())
            do { try await runtime.system.sleep(delay) } catch { throw .cancelled }
            attempt += 1
        }
    }

    /// A token that does not arrive means that its packet was dropped: a container is one network hop further away.
    private func hint(_ error: HTTPTransportError) -> String {
        let place = "EC2 instance metadata at \(settings.endpoint)"
        guard case .timedOut = error else { return "\(place) cannot be reached: on EC2 enable it, elsewhere set keys" }
        return "\(place) did not answer in time: in a container on EC2 raise the instance's hop limit to 2 "
            + "(aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)"
    }

    private func invalid(_ reason: String) -> AWSClientError {
        .invalidCredentials(source: "EC2 instance metadata at \(settings.endpoint)", reason: reason)
    }
}
