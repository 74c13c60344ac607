import Foundation
import Logging
import Testing

@testable import AWSClient

/// Container credentials.
@Suite struct ContainerProviderTests {
    private static let answer = #"""
        {"RoleArn":"r","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2027-01-15T09:00:00Z"}
        """#

    private func credentials(
        _ environment: [String: String],
        _ transport: ScriptedTransport,
        _ system: TestSystem = TestSystem()
    ) async throws -> Credentials {
        try await AWSSession(
            environment: environment,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        ).credentials
    }

    @Test func `asks the agent, with the token file read each time and preferred to the token`() async throws {
        let transport = ScriptedTransport([.answer(200, Self.answer), .answer(200, Self.answer)])
        let system = TestSystem()
        for token in ["first", "second"] {
            system.write("/token", token)
            let found = try await credentials(
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "ignored",
                ],
                transport,
                system
            )
            #expect(found.sessionToken == "T")
            #expect(found.expiration == TestSystem.start + 3600)
        }
        #expect(transport.requests.map { $0.headers["Authorization"] } == ["first", "second"])
        #expect(transport.requests.allSatisfy { $0.isMetadata && $0.headers["Accept"] == "application/json" })
        #expect(transport.timeouts == [.seconds(5), .seconds(5)])
    }

    @Test(arguments: [
        ("http://169.254.170.3/", false), ("http://169.254.169.254/", false), ("http://example.com/", false),
        ("http://nowhere.example/", false), ("http://half.example/", false), ("http://self.example/", true),
        ("http://[fd00:0ec2:0::0023]/", true), ("http://[::1]:80/", true), ("http://127.9.9.9/", true),
        ("https://example.com/", true), ("http://169.254.170.2@evil.com/", false), ("ftp://127.0.0.1/", false),
    ]
    )
    func `speaks plain http to this machine and AWS's agents only`(uri: String, isAllowed: Bool) async throws {
        let system = TestSystem(addresses: [
            "example.com": ["192.0.2.1"], "half.example": ["127.0.0.1", "192.0.2.1"],
            "self.example": ["127.0.0.1", "::1", "169.254.170.2"],
        ])
        let transport = ScriptedTransport([.answer(200, Self.answer)])
        let found = try? await credentials(["AWS_CONTAINER_CREDENTIALS_FULL_URI": uri], transport, system)
        #expect((found != nil) == isAllowed)
        #expect(transport.requests.count == (isAllowed ? 1 : 0))
    }

    @Test(arguments: [
        ("/c", "SECRET\n", 200, "line break"), ("/c", "SECRET", 403, "HTTP 403"),
        ("c", "SECRET", 200, "begins with /"),
        (".evil.com/", "SECRET", 200, "begins with /"), ("/c", "SECRET", 200, "no credentials in its answer"),
    ]
    )
    func `says what is wrong, without the token`(path: String, token: String, status: Int, reason: String) async {
        let environment = [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "ignored",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
        ]
        let transport = ScriptedTransport([.answer(status, #"{"AccessKeyId":"SECRET"}"#)])
        await #expect {
            try await credentials(environment, transport, TestSystem(files: ["/token": token]))
        } throws: { error in
            "\(error)".contains(reason) && !"\(error)".contains("SECRET")
        }
    }

    @Test func `asks three times before it gives up`() async throws {
        let environment = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        let broken = HTTPTransportError.connectionFailed(host: "h", reason: "reset")
        let transport = ScriptedTransport([.answer(500), .failure(broken), .answer(200, Self.answer)])
        #expect(try await credentials(environment, transport).accessKeyID == "A")
        let dead = ScriptedTransport(Array(repeating: .answer(500), count: 9))
        await #expect(throws: AWSClientError.self) { try await credentials(environment, dead) }
        #expect(dead.requests.count == 3)
    }

    @Test func `pauses between its questions, and names itself in each`() async throws {
        let (transport, system) = (ScriptedTransport(Array(repeating: .answer(500), count: 3)), TestSystem())
        let environment = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        let error = await #expect(throws: AWSClientError.self) { try await credentials(environment, transport, system) }
        #expect(error?.description.contains("http://169.254.170.2/c answered HTTP 500") == true)
        #expect(system.slept == [.seconds(0.05), .seconds(0.1)])
        #expect(transport.requests.allSatisfy { $0.headers["User-Agent"]?.hasPrefix("sg-revert/") == true })
    }

    @Test func `asks once more only where another answer may come, and ends with its task`() async {
        let environment = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        let flood = ScriptedTransport([.failure(.responseTooLarge(host: "h", limit: 1)), .answer(200, Self.answer)])
        await #expect(throws: AWSClientError.self) { try await credentials(environment, flood) }
        #expect(flood.requests.count == 1)
        let ended = ScriptedTransport([.failure(.cancelled), .answer(200, Self.answer)])
        await #expect(throws: CancellationError.self) { try await credentials(environment, ended) }
    }
}
