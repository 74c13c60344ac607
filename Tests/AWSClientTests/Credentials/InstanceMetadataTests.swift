import Foundation
import Logging
import Testing

@testable import AWSClient

@Suite struct InstanceMetadataTests {
    private typealias Answer = ScriptedTransport.Answer

    private static let token = Answer.answer(200, " TOKEN\n")

    // MARK: Settings

    private func settings(
        _ environment: [String: String] = [:],
        profile: [String: String] = [:]
    ) throws -> InstanceMetadataSettings {
        try InstanceMetadataSettings(environment: environment, profile: profile)
    }

    @Test(arguments: [
        ([:], [:], "http://169.254.169.254"),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPV6"], [:], "http://[fd00:ec2::254]"),
        ([:], ["ec2_metadata_service_endpoint_mode": "ipv6"], "http://[fd00:ec2::254]"),
        (
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4"], ["ec2_metadata_service_endpoint_mode": "IPv6"],
            "http://169.254.169.254"
        ),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://imds.example:81/base//"], [:], "http://imds.example:81/base"),
        (
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"],
            ["ec2_metadata_service_endpoint": "http://127.0.0.1:1338"], "http://127.0.0.1:1338"
        ),
    ])
    func `finds the service`(environment: [String: String], profile: [String: String], endpoint: String) throws {
        #expect(try settings(environment, profile: profile).endpoint == endpoint)
    }

    @Test(arguments: [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "imds.example"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://h/?a"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "6"),
    ])
    func `says which setting is wrong`(name: String, value: String) {
        let error = #expect(throws: AWSClientError.self) { try settings([name: value]) }
        #expect(error?.description.hasPrefix("\(name)=\(value) cannot be used: expected ") == true)
    }

    @Test(arguments: [("TRUE", true), ("false", false), ("yes", false), ("", false)])
    func `asks nobody only where the setting says true`(value: String, isDisabled: Bool) throws {
        #expect(try settings(["AWS_EC2_METADATA_DISABLED": value]).isDisabled == isDisabled)
    }

    // MARK: Questions

    private func region(_ transport: ScriptedTransport, _ system: TestSystem = TestSystem()) async throws -> String? {
        try await AWSSession(
            environment: [:],
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        ).locatingRegion().region?.description
    }

    @Test func `asks four times before it gives up a service that fails`() async throws {
        let busy = Answer.answer(503)
        let (transport, system) = (
            ScriptedTransport([busy, busy, busy, Self.token, busy, .answer(200, "eu-west-1")]), TestSystem()
        )
        #expect(try await region(transport, system) == "eu-west-1")
        #expect(system.slept == [.seconds(0.05), .seconds(0.1), .seconds(0.2), .seconds(0.05)])
        // The token came with a line end.
        #expect(transport.requests.last?.headers["x-aws-ec2-metadata-token"] == "TOKEN")

        let dead = ScriptedTransport(Array(repeating: busy, count: 9))
        let error = await #expect(throws: AWSClientError.self) { try await region(dead) }
        #expect(error?.description.hasSuffix("the request for a token was answered HTTP 503") == true)
        #expect(dead.requests.count == 4)
    }

    @Test(arguments: [("", nil), ("nowhere", nil), (" eu-west-3\n", "eu-west-3")])
    func `takes only the name of a Region`(text: String, expected: String?) async throws {
        #expect(try await region(ScriptedTransport([Self.token, .answer(200, text)])) == expected)
    }

    @Test func `says which item was refused`() async {
        let error = await #expect(throws: AWSClientError.self) {
            try await region(ScriptedTransport([Self.token, .answer(403)]))
        }
        #expect(
            error
                == .invalidCredentials(
                    source: "EC2 instance metadata at http://169.254.169.254",
                    reason: "/latest/meta-data/placement/region answered HTTP 403"
                )
        )
    }

    @Test func `asks for a token of six hours, and keeps it for as long where the answer names no time`() async throws {
        let system = TestSystem()
        let place = Answer.answer(200, "eu-west-1")
        let transport = ScriptedTransport([Self.token, place, place, Self.token, place])
        let session = try AWSSession(
            environment: [:],
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        )
        for seconds in [0.0, 21_539, 1] {
            system.advance(by: seconds)
            _ = try await session.locatingRegion()
        }
        #expect(transport.requests.map(\.method) == ["PUT", "GET", "GET", "PUT", "GET"])
        #expect(transport.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
    }

    @Test func `keeps a token no longer where the time of day is set back`() async throws {
        let system = TestSystem()
        let place = Answer.answer(200, "eu-west-1")
        let transport = ScriptedTransport([Self.token, place, Self.token, place])
        let session = try AWSSession(
            environment: [:],
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        )
        _ = try await session.locatingRegion()
        system.setBack(by: 86_400)
        system.advance(by: 21_540)
        _ = try await session.locatingRegion()
        #expect(transport.requests.map(\.method) == ["PUT", "GET", "PUT", "GET"])
    }

    @Test func `ends with its task, whatever it is asking`() async {
        for script in [[Answer.failure(.cancelled)], [Self.token, .failure(.cancelled)]] {
            await #expect(throws: CancellationError.self) { try await region(ScriptedTransport(script)) }
        }
    }

    @Test func `a connection that breaks after the token is an error, because there is an instance`() async {
        let broken = HTTPTransportError.connectionFailed(host: "h", reason: "reset")
        let error = await #expect(throws: AWSClientError.self) {
            try await region(ScriptedTransport([Self.token, .failure(broken)]))
        }
        #expect(error?.description.contains("cannot talk to h: reset") == true)
    }
}
