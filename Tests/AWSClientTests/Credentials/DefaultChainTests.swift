import Foundation
import Logging
import Testing

@testable import AWSClient

/// The order of the places, each of which has other keys. `DefaultChainConformanceTests` asks more of each place.
@Suite struct DefaultChainTests {
    private static let json = #"{"AccessKeyId":"KEY","SecretAccessKey":"S","Token":"T"}"#
    private static let role = """
        <R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>WEB</AccessKeyId><SecretAccessKey>S\
        </SecretAccessKey><SessionToken>T</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>\
        </AssumeRoleWithWebIdentityResult></R>
        """

    /// Every place has credentials.
    private static let everything = [
        "HOME": "/home", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c",
    ]

    private func credentials(
        without missing: [String] = [],
        profile: String? = nil,
        hasProfile: Bool = true,
        _ answers: ScriptedTransport.Answer...
    ) async throws -> Credentials {
        var files = ["/token": "t"]
        if hasProfile {
            files["/home/.aws/credentials"] = "[default]\naws_access_key_id = FILE\naws_secret_access_key = S"
        }
        return try await AWSSession(
            environment: Self.everything.filter { !missing.contains($0.key) },
            profile: profile,
            transport: ScriptedTransport(answers),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: TestSystem(files: files).system
        ).credentials
    }

    private static let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    private static let token = ["AWS_WEB_IDENTITY_TOKEN_FILE"]
    private static let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]

    @Test func `asks the environment, the profile, web identity, the container and the instance, in this order`()
        async throws
    {
        var found = try await credentials()
        #expect(found.accessKeyID == "ENV")
        #expect(found.source == "environment variables")

        found = try await credentials(without: Self.keys)
        #expect(found.accessKeyID == "FILE")
        #expect(found.source == "profile default in /home/.aws/config and /home/.aws/credentials")

        found = try await credentials(without: Self.keys, hasProfile: false, .answer(200, Self.role))
        #expect(found.accessKeyID == "WEB")
        #expect(found.source == "AWS_WEB_IDENTITY_TOKEN_FILE")

        found = try await credentials(without: Self.keys + Self.token, hasProfile: false, .answer(200, Self.json))
        #expect(found.accessKeyID == "KEY")
        #expect(found.source == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI")

        found = try await credentials(
            without: Self.keys + Self.token + Self.container,
            hasProfile: false,
            .answer(200, "token"),
            .answer(200, "role"),
            .answer(200, Self.json)
        )
        #expect(found.accessKeyID == "KEY")
        #expect(found.source == "EC2 instance metadata")
    }

    @Test func `names every place that it asked, and what helps`() async {
        let error = await #expect(throws: AWSClientError.self) {
            try await credentials(
                without: Self.keys + Self.token + Self.container,
                hasProfile: false,
                .failure(.connectionFailed(host: "h", reason: "refused"))
            )
        }
        #expect(
            error
                == .noCredentials(
                    tried: "environment variables, profile default in /home/.aws/config and /home/.aws/credentials, "
                        + "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI, "
                        + "EC2 instance metadata",
                    hint: "EC2 instance metadata at http://169.254.169.254 cannot be reached: on EC2 enable it, "
                        + "elsewhere set keys"
                )
        )
    }

    @Test func `passes over keys in the environment where a flag names a profile, and over nothing else`() async throws
    {
        #expect(try await credentials(profile: "default").accessKeyID == "FILE")
        await #expect(throws: AWSClientError.self) {
            try await credentials(profile: "missing", .answer(200, Self.role))
        }
    }

    @Test func `does not ask the next place where one has something broken`() async {
        // The web identity of the next place would work.
        await #expect(throws: AWSClientError.self) {
            try await credentials(without: ["AWS_SECRET_ACCESS_KEY"], .answer(200, Self.role))
        }
        await #expect(throws: AWSClientError.self) {
            try await credentials(without: Self.keys + ["AWS_ROLE_ARN"], hasProfile: false, .answer(200, Self.json))
        }
    }
}
