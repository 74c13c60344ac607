import Foundation
import Logging
import Testing

@testable import AWSClient

@Suite struct ProfileProviderTests {
    private static let role = """
        <AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn>\
        </AssumedRoleUser><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rs</SecretAccessKey>\
        <SessionToken>rt</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration></Credentials></AssumeRoleResult>\
        </AssumeRoleResponse>
        """
    private static let webIdentity = role.replacingOccurrences(
        of: "AssumeRoleRes",
        with: "AssumeRoleWithWebIdentityRes"
    )

    /// What the default chain of a machine with these files finds.
    private func credentials(
        config: String = "",
        credentials: String = "",
        profile: String? = nil,
        environment: [String: String] = [:],
        transport: ScriptedTransport = ScriptedTransport([]),
        system: TestSystem = TestSystem()
    ) async throws -> Credentials {
        system.write("/home/.aws/config", config)
        system.write("/home/.aws/credentials", credentials)
        let common = ["HOME": "/home", "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"]
        return try await AWSSession(
            environment: common.merging(environment) { $1 },
            profile: profile,
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        ).credentials
    }

    @Test func `reads a profile's static keys from either file, and says which profile it was`() async throws {
        let found = try await credentials(
            config: "[profile dev]\naws_access_key_id = A\n",
            credentials: "[dev]\naws_secret_access_key = S\naws_session_token = T",
            profile: "dev",
            environment: ["AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other"]
        )
        #expect(found.accessKeyID == "A")
        #expect(found.secretAccessKey == "S")
        #expect(found.sessionToken == "T")
        #expect(found.source == "profile dev in /home/.aws/config and /home/.aws/credentials")
    }

    @Test(arguments: ["", "[default]\nregion = x"])
    func `passes on where the default profile is missing or has no keys`(config: String) async {
        await #expect {
            try await credentials(config: config)
        } throws: { error in
            if case AWSClientError.noCredentials = error { true } else { false }
        }
    }

    @Test(arguments: [
        ("", "no such profile", ""),
        ("[profile dev]\naws_access_key_id = A", "aws_secret_access_key is missing", ":2"),
        ("[profile dev]\n\naws_secret_access_key = S", "aws_access_key_id is missing", ":3"),
        ("[profile dev]\nrole_arn = a", "neither source_profile nor", ":2"),
        ("[profile dev]\nrole_arn = a\nsource_profile = x", "no profile x", ":3"),
        ("[profile dev]\nrole_arn = a\nsource_profile = dev", "names itself and has no keys", ":3"),
        ("[profile dev]\nrole_arn = a\ncredential_source = Moon", "Moon is no source", ":3"),
        ("[profile dev]\nrole_arn = a\nsource_profile = x\nmfa_serial = m", "asked for a code", ":4"),
        ("[profile dev]\nrole_arn = a\nsource_profile = x\nduration_seconds = 1", "900 to 43200", ":4"),
        ("[profile dev]\nlogin_session = x", "aws login", ":2"), ("[profile dev\n", "must end", ":1"),
        ("[profile dev]\nsso_session = corp", "no section [sso-session corp]", ":2"),
        ("[profile dev]\ncredential_process = x", "failed with status 127", ":2"),
        ("[profile dev]\nrole_arn = a\nweb_identity_token_file = /t", "/t is missing or empty", ":3"),
    ]
    )
    func `stops at a profile that cannot be used, and says where and why`(
        config: String,
        reason: String,
        line: String
    ) async {
        await #expect {
            try await credentials(config: config, environment: ["AWS_PROFILE": "dev"])
        } throws: { error in
            "\(error)".contains(reason) && "\(error)".contains("/home/.aws/config\(line)")
        }
    }

    @Test func `assumes one role after the other, each with the credentials of the one before`() async throws {
        let transport = ScriptedTransport([.answer(200, Self.role), .answer(200, Self.role)])
        let found = try await credentials(
            config: """
                [profile a]
                role_arn = arn:aws:iam::1:role/a
                source_profile = b
                duration_seconds = 7200
                [profile b]
                role_arn = arn:aws:iam::1:role/b
                role_session_name = me
                external_id = x y
                duration_seconds = 7200
                source_profile = c
                [profile c]
                aws_access_key_id = AKIDB
                aws_secret_access_key = s
                """,
            profile: "a",
            transport: transport
        )
        #expect(found.accessKeyID == "ASIAROLE")
        #expect(found.accountID == "111122223333")
        let requests = transport.requests
        #expect(
            requests.map(\.text) == [
                "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fb&RoleSessionName=me"
                    + "&ExternalId=x%20y&DurationSeconds=7200",
                // A role that assumes a role gets an hour at most.
                "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa"
                    + "&RoleSessionName=sg-revert&DurationSeconds=3600",
            ]
        )
        #expect(requests[0].headers["Authorization"]?.contains("Credential=AKIDB/") == true)
        #expect(requests[1].headers["X-Amz-Security-Token"] == "rt")
        #expect(requests[1].url.host == "sts.eu-west-1.amazonaws.com")
    }

    @Test func `trades a token for credentials without signing, and reads the token anew each time`() async throws {
        let transport = ScriptedTransport([.answer(200, Self.webIdentity), .answer(200, Self.webIdentity)])
        let system = TestSystem()
        for token in ["first", "second"] {
            system.write("/token", token)
            let found = try await credentials(
                environment: [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn", "AWS_ROLE_SESSION_NAME": "pod",
                ],
                transport: transport,
                system: system
            )
            #expect(found.sessionToken == "rt")
            #expect(found.source == "AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        #expect(
            transport.requests.map(\.text)
                == ["first", "second"].map {
                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn&RoleSessionName=pod"
                        + "&WebIdentityToken=\($0)"
                }
        )
        #expect(transport.requests.allSatisfy { $0.headers["Authorization"] == nil })
    }

    @Test func `asks once more where the identity provider did not answer STS`() async throws {
        let silent = "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"
        let transport = ScriptedTransport([.answer(400, silent), .answer(200, Self.webIdentity)])
        let found = try await credentials(
            environment: ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"],
            transport: transport,
            system: TestSystem(files: ["/token": "t"])
        )
        #expect(found.accessKeyID == "ASIAROLE")
    }

    @Test func `runs a credential process`() async throws {
        let json = #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"2027-01-15T09:00:00.5Z"}"#
        let system = TestSystem(shell: { command in
            #expect(command == "keys --for 'us'")
            return .init(status: 0, output: Array(json.utf8))
        })
        let found = try await credentials(config: "[default]\ncredential_process = keys --for 'us'", system: system)
        #expect(found.accessKeyID == "A")
        #expect(found.expiration == TestSystem.start + 3600.5)
    }

    @Test(arguments: [
        (1, "SECRET", "status 1"), (0, "SECRET", "no JSON"), (0, #"{"Version":2}"#, "no Version 1"),
        (0, #"{"Version":1,"AccessKeyId":"SECRET"}"#, "no AccessKeyId, SecretAccessKey"),
        (
            0, #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"SECRET","Expiration":"soon"}"#,
            "readable Expiration"
        ),
        (
            0, #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"SECRET","Expiration":"2020-01-01T00:00:00Z"}"#,
            "expired already"
        ),
    ]
    )
    func `says what is wrong with a credential process, without what it printed`(
        status: Int32,
        output: String,
        reason: String
    ) async {
        let system = TestSystem(shell: { _ in .init(status: status, output: Array(output.utf8)) })
        await #expect {
            try await credentials(config: "[default]\ncredential_process = x SECRET", system: system)
        } throws: { error in
            "\(error)".contains(reason) && "\(error)".contains("/home/.aws/config:2") && !"\(error)".contains("SECRET")
        }
    }
}
