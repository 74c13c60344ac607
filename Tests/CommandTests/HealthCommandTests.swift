import AWSClient
import Foundation
import Ledger
import Logging
import SecurityGroups
import Telemetry
import TestSupport
import Testing
import Worker

@testable import sg_revert

/// A container's health check asks the worker's endpoint.
@Suite struct HealthCommandTests {
    private let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    /// Runs the command against an endpoint with these answers.
    private func health(
        _ answers: [String: StatusAnswer],
        _ arguments: [String] = []
    ) async throws -> (status: Int32, output: String, errors: String) {
        let routes = StatusRoutes(answers.mapValues { answer in { answer } })
        let server = try StatusServer(try #require(StatusAddress("127.0.0.1:0")), routes: routes)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            defer { group.cancelAll() }
            return try await folder.run(["health", "--http-address", "127.0.0.1:\(server.port)"] + arguments)
        }
    }

    @Test func `a worker that is alive is exit 0 with its answer`() async throws {
        let result = try await health(["/livez": StatusAnswer(200, "{\"status\":\"alive\"}\n")])
        #expect(result.status == 0 && result.output == "{\"status\":\"alive\"}\n" && result.errors == "")
    }

    @Test func `one that is stuck is exit 1, and the line says what it answered`() async throws {
        let result = try await health(["/livez": StatusAnswer(503, "{\"status\":\"stuck\"}\n")])
        #expect(result.status == 1 && result.output == "")
        #expect(result.errors.contains("answers 503: {\"status\":\"stuck\"}"))
    }

    @Test func `with --ready it asks whether the worker can receive`() async throws {
        let answers = ["/livez": StatusAnswer(200, "alive"), "/readyz": StatusAnswer(503, "not receiving")]
        #expect(try await health(answers).status == 0)
        let result = try await health(answers, ["--ready"])
        #expect(result.status == 1 && result.errors.contains("not receiving"))
    }

    @Test func `an answer with control characters reaches no terminal as it is`() async throws {
        let result = try await health(["/livez": StatusAnswer(200, "a\u{1B}[2Jb")])
        #expect(result.status == 0 && !result.output.contains("\u{1B}"))
    }

    @Test func `where nobody listens it is exit 1 and says where it asked`() async throws {
        let result = try await folder.run(["health", "--http-address", "127.0.0.1:1"])
        #expect(result.status == 1 && result.output == "")
        #expect(result.errors.hasPrefix("sg-revert: no worker answers at 127.0.0.1:1: "))
        #expect(result.errors.split(separator: "\n").count == 1)
    }

    @Test func `without an address it is exit 78 and says how to give one`() async throws {
        let result = try await folder.run(["health"])
        #expect(result.status == 78 && result.errors.contains("--http-address or SG_REVERT_HTTP_ADDRESS"))
        let bad = try await folder.run(["health", "--http-address", "nowhere"])
        #expect(bad.status == 64 && bad.errors.contains("host:port, such as 127.0.0.1:9090"))
    }
}

/// What the endpoint of a worker answers.
@Suite struct StatusServiceTests {
    private let test: TestLedger
    private let time = VirtualTime()
    private let service: StatusService

    init() throws {
        test = try TestLedger(time)
        let session = try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "eu-west-1",
            transport: CurlTransport(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let worker = RevertWorker(
            options: WorkerOptions(
                queueURL: "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
                policy: Policy(watch: [])
            ),
            session: session,
            ledger: try test.ledger,
            name: "one",
            clock: WorkerClock(
                now: { [time] in time.now },
                instant: { [time] in time.instant },
                sleep: { [time] in try await time.sleep($0) }
            ),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        service = StatusService(worker: worker, registry: MetricRegistry(), wait: .seconds(20))
    }

    /// The answer of a route, as text.
    private func answer(_ path: String) async throws -> String {
        let server = try StatusServer(try #require(StatusAddress("127.0.0.1:0")), routes: service.routes)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            defer { group.cancelAll() }
            let url = try #require(HTTPURL("http://127.0.0.1:\(server.port)\(path)"))
            let response = try await CurlTransport().send(HTTPRequest(method: "GET", url: url), timeout: .seconds(30))
            return "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
        }
    }

    @Test func `a poller that makes progress is alive, and one without any for a poll and 45 seconds is stuck`()
        async throws
    {
        #expect(service.isAlive)
        time.advance(.seconds(64))
        #expect(service.isAlive)
        #expect(try await answer("/livez") == "200 {\"status\":\"alive\",\"last_poll_seconds\":64}\n")
        time.advance(.seconds(1))
        #expect(!service.isAlive)
        #expect(try await answer("/livez") == "503 {\"status\":\"stuck\",\"last_poll_seconds\":65}\n")
    }

    @Test func `a worker that has not started is not ready, and says why`() async throws {
        #expect(
            try await answer("/readyz")
                == "503 {\"status\":\"not receiving\",\"reason\":\"it is starting\",\"out\":[]}\n"
        )
    }

    @Test func `the metrics are measured when they are read`() async throws {
        let text = try await answer("/metrics")
        #expect(text.hasPrefix("200 ") && text.contains("# TYPE sg_revert_duplicates_total counter"))
    }
}
