import CoreMetrics
import Foundation
import InMemoryLogging
import Logging
import MetricsTestKit
import Testing

@testable import AWSClient

@Suite struct AWSServiceClientTests {
    private static let identity = """
        <GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn>\
        <UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
        """
    private static let success = ScriptedTransport.Answer.answer(200, identity)

    private static func error(_ code: String) -> String {
        "<ErrorResponse><Error><Code>\(code)</Code></Error></ErrorResponse>"
    }

    @Test func `signs every attempt anew, under one invocation id`() async throws {
        let transport = ScriptedTransport([.answer(500), .answer(503, Self.error("Throttling")), Self.success])
        let system = TestSystem()
        _ = try await AWSSession.scripted(transport, system: system).sts().getCallerIdentity()
        let requests = transport.requests
        #expect(requests.map { $0.headers["amz-sdk-request"] } == (1...3).map { "attempt=\($0); max=3" })
        #expect(Set(requests.map { $0.headers["amz-sdk-invocation-id"] }).count == 1)
        #expect(Set(requests.map { $0.headers["Authorization"] }).count == 3)
        #expect(system.slept == [.seconds(0.05), .seconds(2)])
        let userAgent = try #require(requests[0].headers["User-Agent"])
        #expect(userAgent.hasPrefix("sg-revert/1.2.3 ua/2.1 os/linux lang/swift md/arch#"))
        #expect(userAgent.hasSuffix(" cfg/retry-mode#standard"))
        let authorization = try #require(requests[0].headers["Authorization"])
        #expect(authorization.contains("/eu-west-1/sts/aws4_request, "))
        #expect(
            authorization.contains("SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-type;host;x-amz-date,")
        )
    }

    @Test func `logs a retry under a constant message, without secrets and handles`() async throws {
        let log = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .trace
        let transport = ScriptedTransport([.answer(503, "SECRET-HANDLE"), .answer(200, "{}")])
        let session = try AWSSession(
            environment: [
                "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "SECRET-TOKEN",
                "AWS_REGION": "eu-west-1",
            ],
            transport: transport,
            logger: logger,
            system: TestSystem().system
        )
        let client = try session.sqs()
        _ = try await client.deleteMessageBatch(queueURL: "q", receiptHandles: ["SECRET-HANDLE"])
        #expect(
            log.entries == [
                .init(
                    level: .debug,
                    message: "retrying an AWS call",
                    metadata: [
                        "aws.service": "sqs", "aws.operation": "DeleteMessageBatch", "aws.attempt": "2",
                        "aws.error": "UnreadableResponse",
                    ]
                )
            ]
        )
    }

    @Test func `names the place and the application in the User-Agent, without what no header may hold`() async throws {
        let transport = ScriptedTransport([Self.success])
        let environment = ["AWS_EXECUTION_ENV": "AWS_ECS FARGATE", "AWS_SDK_UA_APP_ID": "our/app\n"]
        _ = try await AWSSession.scripted(transport, environment: environment).sts().getCallerIdentity()
        let userAgent = try #require(transport.requests[0].headers["User-Agent"])
        #expect(userAgent.hasSuffix(" exec-env/AWS_ECS-FARGATE cfg/retry-mode#standard app/our-app"))
    }

    @Test func `counts and times every attempt by how it ended`() async throws {
        let metrics = TestMetrics()
        let transport = ScriptedTransport([
            .answer(500), .answer(400, Self.error("Throttling")), Self.success,
            .answer(403, Self.error("AccessDenied")),
            .failure(.timedOut(host: "h", after: .seconds(1))), .failure(.cancelled),
        ])
        let client = try AWSSession.scripted(transport, metrics: metrics).sts()
        for _ in 0..<3 { _ = try? await client.getCallerIdentity() }
        let labels = [("service", "sts"), ("action", "GetCallerIdentity")]
        for (result, count) in [("success", 1), ("transient", 2), ("throttled", 1), ("failed", 1), ("cancelled", 1)] {
            let counter = try metrics.expectCounter("sg_revert_api_calls_total", labels + [("result", result)])
            #expect(counter.values.reduce(0, +) == Int64(count), "\(result)")
        }
        #expect(try metrics.expectTimer("sg_revert_api_seconds", labels).values.count == 6)
    }

    @Test func `does not pause after the last attempt of a long poll`() async throws {
        let (transport, system) = (ScriptedTransport(Array(repeating: .answer(500), count: 3)), TestSystem())
        let client = try AWSSession.scripted(transport, system: system).sqs(queueURL: "http://localhost:1/1/q")
        await #expect(throws: AWSServiceError.self) { try await client.receiveMessage(queueURL: "q") }
        #expect(transport.requests.count == 3)
        #expect(system.slept.count == 2)
    }

    @Test(arguments: [("", 3), ("1", 1), ("5", 5)])
    func `gives up after as many attempts as are allowed`(setting: String, attempts: Int) async throws {
        let transport = ScriptedTransport(Array(repeating: .answer(503, Self.error("ServiceUnavailable")), count: 9))
        let session = try AWSSession.scripted(transport, environment: ["AWS_MAX_ATTEMPTS": setting])
        await #expect {
            try await session.sts().getCallerIdentity()
        } throws: { error in
            let error = error as? AWSServiceError
            return error?.code == "ServiceUnavailable" && error?.attempt == attempts
        }
        #expect(transport.requests.count == attempts)
    }

    @Test func `repeats nothing that is final`() async throws {
        let transport = ScriptedTransport([.answer(403, Self.error("AccessDenied")), Self.success])
        let session = try AWSSession.scripted(transport)
        await #expect(throws: AWSServiceError.self) { try await session.sts().getCallerIdentity() }
        #expect(transport.requests.count == 1)
    }

    @Test func `repeats a broken connection, and reports the last one`() async throws {
        let broken = HTTPTransportError.connectionFailed(host: "h", reason: "reset")
        let transport = ScriptedTransport([.failure(broken), Self.success])
        #expect(try await AWSSession.scripted(transport).sts().getCallerIdentity().account == "111122223333")

        let dead = ScriptedTransport(Array(repeating: .failure(.timedOut(host: "h", after: .seconds(10))), count: 3))
        let session = try AWSSession.scripted(dead)
        await #expect {
            try await session.sts().getCallerIdentity()
        } throws: { error in
            let error = error as? AWSClientError
            return error?.isTimeout == true && error?.isTransient == true
        }
        #expect(dead.requests.count == 3)
    }

    @Test func `passes a cancellation on as such`() async throws {
        let session = try AWSSession.scripted(ScriptedTransport([.failure(.cancelled), Self.success]))
        await #expect(throws: CancellationError.self) { try await session.sts().getCallerIdentity() }
    }

    @Test func `stops retrying when the quota is used up, until calls succeed again`() async throws {
        let failure = ScriptedTransport.Answer.answer(500)
        // 500 / 14 = 35 retries beside the 20 first attempts; 10 are left of the quota.
        let transport = ScriptedTransport(
            Array(repeating: failure, count: 55) + Array(repeating: Self.success, count: 3) + [failure]
                + [Self.success] + Array(repeating: failure, count: 9)
        )
        let client = try AWSSession.scripted(transport).sts()
        for _ in 0..<20 {
            await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
        }
        #expect(transport.requests.count == 55)

        // A call that succeeds at once gives back 1, so four of them pay for a retry.
        for _ in 0..<3 { _ = try await client.getCallerIdentity() }
        await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
        #expect(transport.requests.count == 59)
        _ = try await client.getCallerIdentity()
        await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
        #expect(transport.requests.count == 62)
    }

    @Test func `waits before it reports a long poll that it may not retry, so that the poller does not spin`()
        async throws
    {
        let (transport, system) = (ScriptedTransport(Array(repeating: .answer(500), count: 200)), TestSystem())
        let client = try AWSSession.scripted(transport, system: system).sqs(queueURL: "http://localhost:1/1/q")
        for _ in 0..<18 { _ = try? await client.getQueueAttributes(queueURL: "q") }
        let before = system.slept.count
        _ = try? await client.getQueueAttributes(queueURL: "q")
        #expect(system.slept.count == before)
        _ = try? await client.receiveMessage(queueURL: "q")
        #expect(system.slept.count == before + 1)
    }

    @Test func `does not repeat a long poll that timed out`() async throws {
        let transport = ScriptedTransport([.failure(.timedOut(host: "h", after: .seconds(30)))])
        let client = try AWSSession.scripted(transport).sqs(queueURL: "http://localhost:1/1/q")
        await #expect {
            try await client.receiveMessage(queueURL: "q", waitTimeSeconds: 20)
        } throws: { error in
            (error as? AWSClientError)?.isTimeout == true
        }
        #expect(transport.requests.count == 1)
        #expect(transport.timeouts == [.seconds(30)])
    }

    @Test func `corrects a clock that is wrong, for this call and the next`() async throws {
        // An hour ahead of the test's clock.
        let skewed = ScriptedTransport.Answer.answer(
            403,
            Self.error("SignatureDoesNotMatch"),
            ["Date": "Fri, 15 Jan 2027 09:00:00 GMT"]
        )
        let transport = ScriptedTransport([skewed, Self.success, Self.success])
        let client = try AWSSession.scripted(transport).sts()
        _ = try await client.getCallerIdentity()
        _ = try await client.getCallerIdentity()
        #expect(
            transport.requests.map { $0.headers["X-Amz-Date"] }
                == ["20270115T080000Z", "20270115T090000Z", "20270115T090000Z"]
        )
    }

    @Test func `fetches new credentials once when AWS calls them expired`() async throws {
        let expired = ScriptedTransport.Answer.answer(400, Self.error("ExpiredToken"))
        let transport = ScriptedTransport([expired, Self.success, expired, expired, Self.success])
        let client = try AWSSession.scripted(transport).sts()
        _ = try await client.getCallerIdentity()
        await #expect(throws: AWSServiceError.self) { try await client.getCallerIdentity() }
        #expect(transport.requests.count == 4)
    }

    @Test func `needs credentials before it sends anything`() async throws {
        let transport = ScriptedTransport([Self.success])
        let session = try AWSSession.scripted(
            transport,
            environment: [
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
            ]
        )
        await #expect {
            try await session.sts().getCallerIdentity()
        } throws: { error in
            if case AWSClientError.noCredentials = error { true } else { false }
        }
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: ["", "<html>", "<a/>", "ok"])
    func `an answer that says done and cannot be read is no success`(body: String) async throws {
        let session = try AWSSession.scripted(ScriptedTransport([.answer(200, body)]))
        await #expect {
            try await session.sts().getCallerIdentity()
        } throws: { error in
            if case AWSClientError.unreadableResponse = error { true } else { false }
        }
    }
}
