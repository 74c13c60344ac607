import Foundation
import InMemoryLogging
import Logging
import Testing

@testable import AWSClient

/// EC2 instance metadata.
@Suite struct InstanceProviderTests {
    private typealias Answer = ScriptedTransport.Answer

    private static let token = Answer.answer(200, "TOKEN", ["x-aws-ec2-metadata-token-ttl-seconds": "300"])
    private static let role = Answer.answer(200, "my role\n")
    private static let nobody = Answer.failure(.timedOut(host: "h", after: .seconds(2)))

    private static func keys(_ expiration: String) -> Answer {
        .answer(
            200,
            #"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"\#(expiration)"}"#
        )
    }

    private func session(
        _ transport: ScriptedTransport,
        _ system: TestSystem = TestSystem(),
        _ environment: [String: String] = [:]
    ) throws -> AWSSession {
        try AWSSession(
            environment: environment,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        )
    }

    @Test func `asks for a token, the role and its keys, and keeps the token while it is good`() async throws {
        let transport = ScriptedTransport([
            Self.token, Self.role, Self.keys("2027-01-15T09:00:00Z"), .answer(200, "eu-west-3"),
        ])
        let session = try session(transport)
        #expect(try await session.credentials.sessionToken == "T")
        #expect(try await session.credentials.source == "EC2 instance metadata")
        #expect(try await session.locatingRegion().region?.description == "eu-west-3")
        let base = "http://169.254.169.254/latest"
        #expect(
            transport.requests.map { "\($0.method) \($0.url.text)" } == [
                "PUT \(base)/api/token", "GET \(base)/meta-data/iam/security-credentials/",
                "GET \(base)/meta-data/iam/security-credentials/my%20role", "GET \(base)/meta-data/placement/region",
            ]
        )
        #expect(transport.requests.dropFirst().allSatisfy { $0.headers["x-aws-ec2-metadata-token"] == "TOKEN" })
        #expect(transport.requests.allSatisfy { $0.isMetadata })
        #expect(transport.requests.allSatisfy { $0.headers["User-Agent"]?.hasPrefix("sg-revert/") == true })
        #expect(transport.timeouts.allSatisfy { $0 == .seconds(2) })
    }

    @Test func `fetches a new token when the old one ends or is refused, and only then`() async throws {
        let system = TestSystem()
        let transport = ScriptedTransport([
            Self.token, .answer(401), Self.token, .answer(200, "us-east-1"), Self.token, .answer(200, "us-east-1"),
            .answer(401), Self.token, .answer(401),
        ])
        let session = try session(transport, system)
        #expect(try await session.locatingRegion().region?.description == "us-east-1")
        system.advance(by: 241)
        #expect(try await session.locatingRegion().region?.description == "us-east-1")
        await #expect(throws: AWSClientError.self) { try await session.locatingRegion() }
        #expect(transport.requests.map(\.method) == ["PUT", "GET", "PUT", "GET", "PUT", "GET", "GET", "PUT", "GET"])
    }

    @Test(arguments: [400, 403, 404, 405])
    func `never asks in the old way, without a token`(status: Int) async throws {
        let transport = ScriptedTransport([.answer(status), Self.role, Self.keys("2027-01-15T09:00:00Z")])
        let session = try session(transport)
        await #expect(throws: AWSClientError.self) { try await session.credentials }
        #expect(transport.requests.map(\.method) == ["PUT"])
    }

    @Test func `is nothing where nobody answers, there is no role, or the role cannot be assumed`() async throws {
        for script in [
            [Self.nobody], [Self.token, .answer(404)],
            [Self.token, Self.role, .answer(200, #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no"}"#)],
        ] {
            let session = try session(ScriptedTransport(script))
            await #expect {
                try await session.credentials
            } throws: { error in
                if case AWSClientError.noCredentials = error { true } else { false }
            }
        }
    }

    @Test func `asks nobody where the service is switched off, and another endpoint where one is set`() async throws {
        let silent = ScriptedTransport([Self.token])
        let off = try session(silent, TestSystem(), ["AWS_EC2_METADATA_DISABLED": "TRUE"])
        await #expect(throws: AWSClientError.self) { try await off.credentials }
        #expect(try await off.locatingRegion().region == nil)
        #expect(silent.requests.isEmpty)

        let other = ScriptedTransport([Self.token, .answer(404)])
        let environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://imds.example:81/"]
        _ = try await session(other, TestSystem(), environment).locatingRegion()
        #expect(other.requests.first?.url.text == "http://imds.example:81/latest/api/token")
    }

    @Test func `goes on with expired credentials while there are no newer ones, and asks again later`() async throws {
        let system = TestSystem()
        let transport = ScriptedTransport([
            // Expired when they came.
            Self.token, Self.role, Self.keys("2027-01-15T07:00:00Z"),
            // Then the service falls silent, and comes back.
            Self.nobody, Self.token, Self.role, Self.keys("2027-01-16T00:00:00Z"),
        ])
        let session = try session(transport, system)
        let first = try await session.credentials
        // 10 minutes, the jitter of 5, and the cache's margin.
        #expect(first.expiration == TestSystem.start + 600 + 300 + 600)
        system.advance(by: 901)
        let second = try await session.credentials
        #expect(second.accessKeyID == "A")
        #expect(second.expiration == TestSystem.start + 901 + 1500)
        system.advance(by: 901)
        #expect(try await session.credentials.expiration == TestSystem.start + 16 * 3600)
        #expect(transport.requests.count == 7)
    }

    @Test func `says what helps where the service is silent or nobody is there`() async throws {
        for (failure, words) in [
            (HTTPTransportError.timedOut(host: "h", after: .seconds(2)), "raise the instance's hop limit to 2"),
            (
                .connectionFailed(host: "h", reason: "refused"),
                "cannot be reached: on EC2 enable it, elsewhere set keys"
            ),
        ] {
            let session = try session(ScriptedTransport([.failure(failure)]))
            await #expect {
                try await session.credentials
            } throws: { "\($0)".contains(words) }
        }
    }

    @Test func `takes the first of several roles, and nothing from an answer that is no document`() async throws {
        let transport = ScriptedTransport([
            Self.token, .answer(200, "first\nsecond\n"), Self.keys("2027-01-15T09:00:00Z"),
        ])
        #expect(try await session(transport).credentials.accessKeyID == "A")
        #expect(transport.requests.last?.url.path.hasSuffix("/first") == true)
        for script in [[Self.token, .answer(200, "\n")], [Self.token, Self.role, .answer(200, "<html>")]] {
            let session = try session(ScriptedTransport(script))
            await #expect(throws: AWSClientError.self) { try await session.credentials }
        }
    }

    @Test func `keeps the last credentials where the service breaks, but ends with a cancelled task`() async throws {
        let system = TestSystem()
        let expired = [Self.token, Self.role, Self.keys("2027-01-15T08:30:00Z")]
        let transport = ScriptedTransport(expired + [.answer(403), .failure(.cancelled)])
        let session = try session(transport, system)
        #expect(try await session.credentials.expiration == TestSystem.start + 1800)
        // The service refuses the next token.
        system.advance(by: 1900)
        #expect(try await session.credentials.expiration == TestSystem.start + 1900 + 1500)
        system.advance(by: 1600)
        await #expect(throws: CancellationError.self) { try await session.credentials }
    }

    @Test func `warns each time that it goes on with expired credentials, without showing them`() async throws {
        let log = InMemoryLogHandler()
        let session = try AWSSession(
            environment: [:],
            transport: ScriptedTransport([Self.token, Self.role, Self.keys("2027-01-15T07:00:00Z")]),
            logger: Logger(label: "test") { _ in log },
            system: TestSystem().system
        )
        _ = try await session.credentials
        #expect(
            log.entries == [
                .init(
                    level: .warning,
                    message: "using expired credentials of the EC2 instance, because there are no newer ones",
                    metadata: [:]
                )
            ]
        )
    }
}
