import Foundation
import Logging
import Testing

@testable import AWSClient

@Suite struct WebIdentityTests {
    private static let answer = """
        <R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>WEB</AccessKeyId><SecretAccessKey>S\
        </SecretAccessKey><SessionToken>T</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>\
        </AssumeRoleWithWebIdentityResult></R>
        """
    private static let pod = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:r"]

    private func credentials(
        _ environment: [String: String],
        _ transport: ScriptedTransport,
        machine: HostSystem = TestSystem(files: ["/token": " a+b\n"]).system
    ) async throws -> Credentials {
        try await AWSSession(
            environment: environment,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: machine
        ).credentials
    }

    @Test func `sends the token as the file has it, under a name of its own where none is set`() async throws {
        let transport = ScriptedTransport([.answer(200, Self.answer)])
        let found = try await credentials(Self.pod.merging(["AWS_REGION": "eu-west-1"]) { $1 }, transport)
        #expect(found.accessKeyID == "WEB")
        #expect(transport.requests[0].url.host == "sts.eu-west-1.amazonaws.com")
        #expect(
            transport.requests[0].text
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=sg-revert"
                + "&WebIdentityToken=%20a%2Bb%0A"
        )
    }

    @Test func `asks the instance for the Region where no setting has one, and fails without any`() async throws {
        let transport = ScriptedTransport([
            .answer(200, "TOKEN"), .answer(200, "eu-west-3"), .answer(200, Self.answer),
        ])
        #expect(try await credentials(Self.pod, transport).accessKeyID == "WEB")
        #expect(transport.requests.last?.url.host == "sts.eu-west-3.amazonaws.com")

        let nowhere = Self.pod.merging(["AWS_EC2_METADATA_DISABLED": "true"]) { $1 }
        await #expect(throws: AWSClientError.missingRegion) { try await credentials(nowhere, ScriptedTransport([])) }
    }

    @Test func `says what is wrong with the token's file`() async {
        var machine = TestSystem().system
        func reason() async -> String {
            let environment = Self.pod.merging(["AWS_REGION": "eu-west-1"]) { $1 }
            let error = await #expect(throws: AWSClientError.self) {
                try await credentials(environment, ScriptedTransport([]), machine: machine)
            }
            return "\(error.map { "\($0)" } ?? "")"
        }
        let start = "the AWS credentials of AWS_WEB_IDENTITY_TOKEN_FILE cannot be used: the token file /token"
        #expect(await reason() == "\(start) is missing or empty")
        // No home directory, so nothing but the token is read.
        machine.readFile = { _ in [] }
        #expect(await reason() == "\(start) is missing or empty")
        machine.readFile = { _ in [0xC3] }
        #expect(await reason() == "\(start) is missing or empty")
        machine.readFile = { _ in throw CocoaError(.fileReadNoPermission) }
        #expect(await reason() == "\(start) cannot be read; check its permissions")
    }

    @Test func `needs the role beside the token`() async {
        let error = await #expect(throws: AWSClientError.self) {
            try await credentials(["AWS_WEB_IDENTITY_TOKEN_FILE": "/token"], ScriptedTransport([]))
        }
        #expect(error?.description.hasSuffix("AWS_ROLE_ARN is missing beside it; set both") == true)
    }

    @Test func `names the role, and never the token, where STS refuses`() async {
        let body =
            "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad</Message></Error></ErrorResponse>"
        let error = await #expect(throws: AWSServiceError.self) {
            try await credentials(
                Self.pod.merging(["AWS_REGION": "eu-west-1"]) { $1 },
                ScriptedTransport([.answer(400, body)])
            )
        }
        #expect(
            error?.description
                == "sts AssumeRoleWithWebIdentity for role arn:r failed: InvalidIdentityToken: bad (HTTP 400)"
        )
    }
}
