import Foundation
import Logging
import Synchronization
import Testing

@testable import AWSClient

/// The whole chain as smithy-rs recorded it: an environment, files and the exchanges that follow from them.
///
/// Default credential chain, the SDKs' recordings.
@Suite(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")) struct DefaultChainConformanceTests
{
    static let root = "credentials/default-credential-provider-chain"
    static let cases = Conformance.folders(root)

    /// Recordings whose request names another role than their own files do: there the role is not compared.
    private static let otherRole: Set = [
        "web_identity_token_env", "web_identity_token_profile", "web_identity_token_source_profile",
    ]

    /// What an error has to say, in our words.
    private static let reasons = [
        "eks_pod_identity_no_token_file": "/token.jwt is missing",
        "imds_default_chain_error": "no AWS credentials in",
        "imds_disabled": "no AWS credentials in",
        "imds_no_iam_role": "Ec2InstanceMetadata has no credentials",
        "imds_token_fail": "it refuses a token (HTTP 403)",
        "profile_overrides_web_identity": "Environment has no credentials",
        "sso_no_token_file":
            "there is no token in /home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json; run `aws sso login",
        "sso_server_error": "sso GetRoleCredentials failed",
        "web_identity_source_profile_no_env": "web_identity_token_file: role_arn is missing",
        "web_identity_token_invalid_jwt": "InvalidIdentityToken: No OpenIDConnect provider found in your account",
    ]

    @Test func `the suite is there`() {
        #expect(Self.cases.count == 29)
    }

    @Test(arguments: cases)
    func `finds what the SDKs find, by the same requests`(name: String) async throws {
        let folder = "\(Self.root)/\(name)"
        let testCase = try Conformance.json("\(folder)/test-case.json")
        let result = try #require(testCase["result"] as? [String: Any])
        let transport = ReplayTransport(try Recording(Conformance.json("\(folder)/http-traffic.json")))
        var environment = try #require(Conformance.json("\(folder)/env.json") as? [String: String])
        // The recordings hold one attempt of each call to a service.
        environment["AWS_MAX_ATTEMPTS"] = "1"
        // Recorded before any of the expirations that the answers name.
        let time = Date(timeIntervalSince1970: 1_000_000_000)
        let files = try Conformance.directory.map { $0.appending(path: "\(folder)/fs").path() } ?? #require(nil)
        let session = try AWSSession(
            environment: environment,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: HostSystem(
                now: { time },
                sleep: { _ in },
                random: { 0 },
                makeID: { "id" },
                readFile: { try HostSystem.current.readFile(files + $0) }
            )
        )
        switch (result["Ok"] as? [String: Any], await Result { try await session.credentials }) {
        case (let expected?, .success(let found)):
            #expect(found.accessKeyID == expected["access_key_id"] as? String)
            #expect(found.secretAccessKey == expected["secret_access_key"] as? String)
            if let token = expected["session_token"] as? String { #expect(found.sessionToken == token) }
            #expect(found.accountID == expected["account_id"] as? String)
            let expiry = (expected["expiry"] as? Double).map { Date(timeIntervalSince1970: $0) }
            #expect(found.expiration.map { $0.timeIntervalSince1970.rounded(.down) } == expiry?.timeIntervalSince1970)
        case (nil, .failure(let error)):
            let reason = try #require(Self.reasons[name])
            #expect("\(error)".contains(reason), "\(error)")
        case (_, let other): Issue.record("\(other)")
        }
        for (sent, recorded) in zip(transport.sent, transport.recording.exchanges) {
            #expect(sent.method == recorded.method)
            #expect(sent.url.text == recorded.uri)
            for (header, value) in recorded.headers { #expect(sent.headers[header] == value, "\(header)") }
            let ignored = Self.otherRole.contains(name) ? ["RoleArn", "WebIdentityToken"] : []
            #expect(Self.form(sent.text, ignored) == Self.form(recorded.body, ignored))
        }
        #expect(transport.sent.count == transport.recording.exchanges.count)
    }

    /// The parameters that the SDKs agree on; each names its sessions in its own way, and the duration is ours to ask.
    private static func form(_ body: String, _ ignored: [String]) -> Set<String> {
        Set(body.split(separator: "&").map(String.init)).filter { parameter in
            !(["RoleSessionName", "DurationSeconds"] + ignored).contains { parameter.hasPrefix("\($0)=") }
        }
    }
}

/// What went over the wire, request by request.
private struct Recording {
    struct Exchange {
        var method = ""
        var uri = ""
        var headers: [String: String] = [:]
        var body = ""
        var response = HTTPResponse(status: 0)
    }

    private(set) var exchanges: [Exchange] = []

    init(_ json: [String: Any]) throws {
        let compared = [
            "accept", "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "x-amz-sso_bearer_token",
        ]
        for event in try #require(json["events"] as? [[String: Any]]) {
            let action = try #require(event["action"] as? [String: Any])
            if let request = (action["Request"] as? [String: Any])?["request"] as? [String: Any] {
                var exchange = Exchange()
                exchange.method = request["method"] as? String ?? ""
                exchange.uri = request["uri"] as? String ?? ""
                for (name, values) in request["headers"] as? [String: [String]] ?? [:]
                where compared.contains(name.lowercased()) {
                    exchange.headers[name] = values.first
                }
                exchanges.append(exchange)
            } else if let response = (action["Response"] as? [String: Any])?["response"] as? [String: Any] {
                let ok = try #require(response["Ok"] as? [String: Any])
                exchanges[exchanges.count - 1].response.status = try #require(ok["status"] as? Int)
                for (name, values) in ok["headers"] as? [String: [String]] ?? [:] {
                    for value in values { exchanges[exchanges.count - 1].response.headers.add(name, value) }
                }
            } else if let data = action["Data"] as? [String: Any] {
                let text = data["data"] as? [String: String]
                let bytes = text?["Utf8"].map { Data($0.utf8) } ?? text?["Base64"].flatMap { Data(base64Encoded: $0) }
                if data["direction"] as? String == "Request" {
                    exchanges[exchanges.count - 1].body += String(decoding: bytes ?? Data(), as: UTF8.self)
                } else {
                    exchanges[exchanges.count - 1].response.body += Array(bytes ?? Data())
                }
            }
        }
    }
}

/// Answers each request with the next recorded answer.
private final class ReplayTransport: HTTPTransport {
    let recording: Recording
    private let requests = Mutex<[HTTPRequest]>([])

    init(_ recording: Recording) {
        self.recording = recording
    }

    var sent: [HTTPRequest] { requests.withLock(\.self) }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        let index = requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        guard recording.exchanges.indices.contains(index) else {
            throw .refused(host: request.url.host, reason: "the recording is over")
        }
        return recording.exchanges[index].response
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
