import Foundation
import Logging
import Testing

@testable import AWSClient

/// What the clients of a session share, and what a session learns from its settings. `EndpointTests` is about hosts.
@Suite struct AWSSessionTests {
    private static let identity = """
        <R><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>AIDA</UserId>\
        <Account>111122223333</Account></GetCallerIdentityResult></R>
        """
    private static let success = ScriptedTransport.Answer.answer(200, identity)

    private static func keys(
        _ key: String,
        until expiration: String = "2027-01-15T09:00:00Z"
    ) -> ScriptedTransport.Answer {
        .answer(
            200,
            #"{"AccessKeyId":"\#(key)","SecretAccessKey":"S","Token":"T","Expiration":"\#(expiration)"}"#
        )
    }

    private func session(
        _ transport: ScriptedTransport = ScriptedTransport([]),
        _ environment: [String: String] = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"],
        profile: String? = nil,
        config: String = "",
        system: TestSystem = TestSystem()
    ) throws -> AWSSession {
        system.write("/config", config)
        return try AWSSession(
            environment: environment.merging(["AWS_CONFIG_FILE": "/config"]) { $1 },
            profile: profile,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        )
    }

    private func signers(_ transport: ScriptedTransport) -> [Substring?] {
        transport.requests.map { $0.headers["Authorization"]?.split(separator: "/").first?.split(separator: "=").last }
    }

    @Test func `fetches credentials once for all clients`() async throws {
        let environment = ["AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        let transport = ScriptedTransport([Self.keys("C"), Self.success, Self.success])
        let session = try session(transport, environment)
        for _ in 0..<2 { _ = try await session.sts().getCallerIdentity() }
        #expect(signers(transport) == [nil, "C", "C"])
        #expect(transport.requests.dropFirst().allSatisfy { $0.headers["X-Amz-Security-Token"] == "T" })
    }

    @Test func `keeps the credentials of the sessions made from it fresh, too`() async throws {
        let system = TestSystem()
        let environment = ["AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"]
        func role(_ key: String, _ expiration: String) -> ScriptedTransport.Answer {
            .answer(
                200,
                "<R><AssumeRoleResult><Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
                    + "<SessionToken>T</SessionToken><Expiration>\(expiration)</Expiration></Credentials>"
                    + "</AssumeRoleResult></R>"
            )
        }
        let transport = ScriptedTransport([role("R1", "2027-01-15T09:00:00Z"), role("R2", "2027-01-15T10:00:00Z")])
        let base = try session(transport, environment, system: system)
        let guarded = try base.assuming(roleARN: "arn:r", sessionName: "n")
        async let _ = base.keepCredentialsFresh()
        #expect(try await guarded.credentials.accessKeyID == "R1")
        // Fifteen minutes before the end new ones are fetched, while the old ones stay in use.
        system.advance(by: 2700)
        #expect(try await guarded.credentials.accessKeyID == "R1")
        while try await guarded.credentials.accessKeyID == "R1" { await Task.yield() }
        #expect(try await guarded.credentials.accessKeyID == "R2")
        #expect(transport.requests.count == 2)
    }

    @Test func `asks nobody for a Region that a setting names, and keeps its credentials when it finds one`()
        async throws
    {
        let silent = ScriptedTransport([])
        let known = try session(silent, ["AWS_REGION": "eu-west-1"])
        #expect(try await known.locatingRegion().region?.description == "eu-west-1")
        #expect(silent.requests.isEmpty)

        let transport = ScriptedTransport([
            Self.keys("C"), .answer(200, "TOKEN"), .answer(200, "eu-west-3"), Self.success,
        ])
        let unknown = try session(transport, ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"])
        _ = try await unknown.credentials
        _ = try await unknown.locatingRegion().sts().getCallerIdentity()
        #expect(transport.requests.last?.url.host == "sts.eu-west-3.amazonaws.com")
        #expect(signers(transport).last == "C")
    }

    @Test func `every client of the default Region needs one, and every client can have another`() throws {
        let nowhere = try session()
        #expect(throws: AWSClientError.missingRegion) { try nowhere.sqs() }
        #expect(throws: AWSClientError.missingRegion) { try nowhere.sts() }
        #expect(throws: AWSClientError.missingRegion) { try nowhere.dynamodb() }
        #expect(throws: AWSClientError.missingRegion) { try nowhere.eventBridge() }
        #expect(throws: AWSClientError.missingRegion) { try nowhere.sqs(queueURL: "http://localhost:1/1/q") }
        #expect(throws: AWSClientError.missingRegion) { try nowhere.assuming(roleARN: "arn:r", sessionName: "n") }

        let region = AWSRegion("ap-south-1")
        #expect(try nowhere.sqs(region: region).region == region)
        #expect(try nowhere.dynamodb(region: region).client.endpoint.host == "dynamodb.ap-south-1.amazonaws.com")
        #expect(try nowhere.eventBridge(region: region).client.endpoint.host == "events.ap-south-1.amazonaws.com")
    }

    @Test(arguments: [
        ([:], "max_attempts = 2", 2), (["AWS_MAX_ATTEMPTS": "1"], "max_attempts = 2", 1),
        (["AWS_MAX_ATTEMPTS": " "], "max_attempts = 4", 4),
    ])
    func `takes the number of attempts from the environment, or else from the profile`(
        environment: [String: String],
        config: String,
        attempts: Int
    ) async throws {
        let transport = ScriptedTransport(Array(repeating: .answer(500), count: 9))
        let keys = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_REGION": "eu-west-1"]
        let session = try session(transport, environment.merging(keys) { $1 }, config: "[default]\n\(config)")
        await #expect(throws: AWSServiceError.self) { try await session.sts().getCallerIdentity() }
        #expect(transport.requests.count == attempts)
        #expect(transport.requests[0].headers["amz-sdk-request"] == "attempt=1; max=\(attempts)")
    }

    @Test(arguments: [
        ("region = moon", "region=moon cannot be used: no such AWS Region"),
        ("max_attempts = 101", "AWS_MAX_ATTEMPTS=101 cannot be used: expected a number from 1 to 100"),
        ("use_fips_endpoint = 1", "AWS_USE_FIPS_ENDPOINT=1 cannot be used: expected true or false"),
        ("endpoint_url = x", "endpoint_url=x cannot be used: expected https://HOST"),
        ("broken", "/config:2: Expected an '=' sign"),
    ])
    func `says which setting of the profile is wrong`(line: String, text: String) {
        let error = #expect(throws: AWSClientError.self) { try session(config: "[default]\n\(line)") }
        #expect(error?.description.hasPrefix(text) == true)
        #expect(error?.isConfiguration == true)
    }

    @Test func `reads the profile that a flag names, and not the one of the environment`() throws {
        let config = "[profile a]\nregion = eu-west-1\n[profile b]\nregion = eu-west-2"
        #expect(try session(profile: "a", config: config).region?.description == "eu-west-1")
        let environment = ["AWS_PROFILE": "b"]
        #expect(try session(ScriptedTransport([]), environment, config: config).region?.description == "eu-west-2")
        #expect(
            try session(ScriptedTransport([]), environment, profile: "a", config: config).region?.description
                == "eu-west-1"
        )
    }
}
