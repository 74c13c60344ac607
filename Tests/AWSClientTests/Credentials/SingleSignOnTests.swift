import Foundation
import Logging
import Testing

@testable import AWSClient

@Suite("Single sign-on")
struct SingleSignOnTests {
    private static let config = """
        [profile corp]
        sso_session = main
        sso_account_id = 111122223333
        sso_role_name = Admin Role
        [sso-session main]
        sso_region = eu-central-1
        sso_start_url = https://corp.awsapps.com/start
        """
    /// The SHA-1 of `main`.
    private static let cache = "/home/.aws/sso/cache/b28b7af69320201d1cf206ebf28373980add1451.json"
    private static let token = #"{"accessToken":"SECRET","expiresAt":"2027-01-15T09:00:00Z"}"#

    private func credentials(_ token: String?, _ transport: ScriptedTransport) async throws -> Credentials {
        let system = TestSystem(files: ["/home/.aws/config": Self.config])
        system.write(Self.cache, token)
        return try await AWSSession(
            environment: ["HOME": "/home", "AWS_PROFILE": "corp", "AWS_REGION": "us-east-1"],
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        ).credentials
    }

    @Test("trades the cached token for credentials in the session's Region")
    func token() async throws {
        let transport = ScriptedTransport([
            .answer(
                200,
                #"{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T","expiration":1800003600000}}"#
            )
        ])
        let found = try await credentials(Self.token, transport)
        #expect(found.sessionToken == "T")
        #expect(found.accountID == "111122223333")
        #expect(found.expiration == TestSystem.start + 3600)
        let request = try #require(transport.requests.first)
        #expect(request.method == "GET")
        #expect(
            request.url.text == "https://portal.sso.eu-central-1.amazonaws.com/federation/credentials"
                + "?account_id=111122223333&role_name=Admin%20Role"
        )
        #expect(request.headers["x-amz-sso_bearer_token"] == "SECRET")
        #expect(request.headers["Authorization"] == nil)
    }

    @Test(
        "says how to sign in where the token is of no use",
        arguments: [
            (nil, "there is no token in /home/.aws/sso/cache/b28b7af6"), ("SECRET", "cannot be read"),
            (#"{"accessToken":"SECRET","expiresAt":"2027-01-15T08:00:00Z"}"#, "has expired"),
            (#"{"accessToken":"SECRET","expiresAt":"2027-01-15T09:00:00Z"}"#, "does not accept the token any more"),
        ]
    )
    func useless(token: String?, reason: String) async {
        let refused = ScriptedTransport([.answer(401, #"{"__type":"UnauthorizedException","message":"x"}"#)])
        await #expect {
            try await credentials(token, refused)
        } throws: { error in
            "\(error)".contains(reason) && "\(error)".contains("run `aws sso login --profile corp`")
                && "\(error)".contains("/home/.aws/config:2") && !"\(error)".contains("SECRET")
        }
    }
}
