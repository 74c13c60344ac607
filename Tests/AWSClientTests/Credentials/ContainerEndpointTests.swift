import Foundation
import Testing

@testable import AWSClient

@Suite struct ContainerEndpointTests {
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

    private func url(_ environment: [String: String], _ system: TestSystem = TestSystem()) async throws -> String? {
        try await ContainerEndpoint(environment: environment).url(system.system)?.text
    }

    @Test func `prefers the path at the ECS agent to a whole URL, and is nothing without either`() async throws {
        #expect(
            try await url([Self.relative: "/v2/x?id=1", Self.full: "https://example.com/"])
                == "http://169.254.170.2/v2/x?id=1"
        )
        #expect(
            try await url([Self.relative: " ", Self.full: "http://[fd00:ec2::23]/v1"]) == "http://[fd00:ec2::23]/v1"
        )
        #expect(try await url([Self.relative: " ", Self.full: ""]) == nil)
    }

    @Test func `looks no name up where TLS proves the host`() async throws {
        var machine = TestSystem().system
        machine.addresses = { name in
            Issue.record("\(name) was looked up")
            return []
        }
        let endpoint = ContainerEndpoint(environment: [Self.full: "https://agent.example/"])
        #expect(try await endpoint.url(machine)?.host == "agent.example")
    }

    @Test(arguments: [
        ("http://me:SECRET@169.254.170.2/", "expected http(s)://HOST[:PORT]/PATH"),
        ("http://agent.example/", "plain http is for this machine and the agents of ECS and EKS only; use https"),
    ])
    func `says what is wrong with a URL, without a password`(text: String, reason: String) async {
        let system = TestSystem(addresses: ["agent.example": ["169.254.170.2", "not an address"]])
        let error = await #expect(throws: AWSClientError.self) { try await url([Self.full: text], system) }
        #expect(error?.description.hasPrefix("\(Self.full)=") == true)
        #expect(error?.description.hasSuffix(reason) == true)
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test(arguments: [
        ([:], nil), ([token: "t"], "t"), ([token: " "], nil), ([tokenFile: "/token"], "from file"),
        ([token: "t", tokenFile: "/token"], "from file"), ([token: "t", tokenFile: " "], "t"),
    ])
    func `takes the token from the file, or else from the environment`(
        environment: [String: String],
        expected: String?
    ) throws {
        let system = TestSystem(files: ["/token": "from file"]).system
        #expect(try ContainerEndpoint(environment: environment).authorization(system) == expected)
    }

    @Test func `does not use another token where the file's is of no use`() throws {
        let endpoint = ContainerEndpoint(environment: [Self.token: "SECRET", Self.tokenFile: "/token"])
        var machine = TestSystem().system
        func reason() -> String {
            let error = #expect(throws: AWSClientError.self) { try endpoint.authorization(machine) }
            return "\(error.map { "\($0)" } ?? "")"
        }
        #expect(reason().hasSuffix("the token file /token is missing or no text; see \(Self.tokenFile)"))
        machine.readFile = { _ in [0xFF, 0xFE] }
        #expect(reason().hasSuffix("the token file /token is missing or no text; see \(Self.tokenFile)"))
        machine.readFile = { _ in throw CocoaError(.fileReadNoPermission) }
        #expect(reason().hasSuffix("the token file /token cannot be read"))
        machine.readFile = { _ in Array("SECRET\rX: y".utf8) }
        #expect(
            reason()
                == "the AWS credentials of the container cannot be used: the authorization token holds a line break"
        )
    }
}
