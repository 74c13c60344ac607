import AWSClient
import CoreMetrics
import Foundation
import Logging
import Synchronization

/// Answers with what the test wrote down, in order, and remembers what it was asked.
final class ScriptedTransport: HTTPTransport {
    typealias Answer = Result<HTTPResponse, HTTPTransportError>

    private let state: Mutex<(answers: [Answer], requests: [HTTPRequest], timeouts: [Duration])>

    init(_ answers: [Answer]) {
        state = Mutex((answers, [], []))
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    var timeouts: [Duration] { state.withLock { $0.timeouts } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        let answer: Answer = state.withLock { state in
            state.requests.append(request)
            state.timeouts.append(timeout)
            guard !state.answers.isEmpty else {
                return .failure(.refused(host: request.url.host, reason: "the script is over"))
            }
            return state.answers.removeFirst()
        }
        return try answer.get()
    }
}

extension ScriptedTransport.Answer {
    static func answer(_ status: Int, _ body: String = "", _ headers: HTTPHeaders = [:]) -> Self {
        .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }
}

extension HTTPRequest {
    var text: String { String(decoding: body, as: UTF8.self) }

    var json: NSDictionary? {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? NSDictionary
    }
}

/// A machine whose clock stands still and whose sleeps only add up.
final class TestSystem: Sendable {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    private let state = Mutex((now: start, uptime: Duration.zero, slept: [Duration]()))
    private let files: Mutex<[String: String]>
    private let addresses: [String: [String]]
    private let shell: @Sendable (String) throws -> HostSystem.ShellResult

    init(
        files: [String: String] = [:],
        addresses: [String: [String]] = [:],
        shell: @escaping @Sendable (String) throws -> HostSystem.ShellResult = { _ in .init(status: 127, output: []) }
    ) {
        self.files = Mutex(files)
        self.addresses = addresses
        self.shell = shell
    }

    func read(_ path: String) -> String? {
        files.withLock { $0[path] }
    }

    func write(_ path: String, _ text: String?) {
        files.withLock { $0[path] = text }
    }

    var slept: [Duration] { state.withLock { $0.slept } }

    func advance(by seconds: TimeInterval) {
        state.withLock {
            $0.now += seconds
            $0.uptime += .seconds(seconds)
        }
    }

    /// Sets the time of day back. The time since the start goes on.
    func setBack(by seconds: TimeInterval) {
        state.withLock { $0.now -= seconds }
    }

    var system: HostSystem {
        HostSystem(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in self.state.withLock { $0.slept.append(duration) } },
            random: { 1 },
            makeID: { "00000000-0000-4000-8000-000000000000" },
            readFile: { path in self.files.withLock { $0[path] }.map { Array($0.utf8) } },
            writeFile: { path, bytes in self.write(path, String(decoding: bytes, as: UTF8.self)) },
            addresses: { self.addresses[$0] ?? [] },
            shell: { try self.shell($0) },
            uptime: { self.state.withLock { $0.uptime } }
        )
    }
}

extension AWSSession {
    /// A session of the commercial partition with fake keys.
    static func scripted(
        _ transport: ScriptedTransport,
        environment: [String: String] = [:],
        system: TestSystem = TestSystem(),
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws -> AWSSession {
        let keys = [
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
        ]
        return try AWSSession(
            environment: keys.merging(environment) { $1 },
            transport: transport,
            logger: Logger(label: "test"),
            metrics: metrics,
            version: "1.2.3",
            system: system.system
        )
    }
}
