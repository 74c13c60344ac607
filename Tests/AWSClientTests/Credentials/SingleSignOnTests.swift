import Foundation
import Logging
import Testing

@testable import AWSClient

/// Single sign-on.
@Suite struct SingleSignOnTests {
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

    private static let keys = ScriptedTransport.Answer.answer(
        200,
        #"{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T","expiration":1800003600000}}"#
    )
    /// A token with a minute to go, and all that renews it.
    private static let renewable = #"""
        {"accessToken":"OLD","expiresAt":"2027-01-15T08:01:00Z","refreshToken":"REFRESH","clientId":"ID",\#
        "clientSecret":"SECRET","registrationExpiresAt":"2027-02-15T08:00:00Z","startUrl":"https://corp"}
        """#

    private func credentials(
        _ token: String?,
        _ transport: ScriptedTransport,
        system: TestSystem = TestSystem()
    ) async throws -> Credentials {
        system.write("/home/.aws/config", Self.config)
        system.write(Self.cache, token)
        return try await AWSSession(
            environment: ["HOME": "/home", "AWS_PROFILE": "corp", "AWS_REGION": "us-east-1"],
            transport: transport,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            system: system.system
        ).credentials
    }

    @Test func `trades the cached token for credentials in the session's Region`() async throws {
        let transport = ScriptedTransport([Self.keys])
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

    @Test func `renews a token that is about to end, and keeps the new one for the AWS CLI too`() async throws {
        let system = TestSystem()
        let transport = ScriptedTransport([
            .answer(200, #"{"accessToken":"NEW","expiresIn":3600,"refreshToken":"NEXT"}"#), Self.keys, Self.keys,
        ])
        for _ in 0..<2 {
            let token = system.read(Self.cache) ?? Self.renewable
            #expect(try await credentials(token, transport, system: system).accessKeyID == "A")
        }
        let requests = transport.requests
        try #require(requests.count == 3)
        #expect(requests[0].url.text == "https://oidc.eu-central-1.amazonaws.com/token")
        let body = [
            "grantType": "refresh_token", "refreshToken": "REFRESH", "clientId": "ID", "clientSecret": "SECRET",
        ]
        #expect(requests[0].json == body as NSDictionary)
        #expect(requests.dropFirst().map { $0.headers["x-amz-sso_bearer_token"] } == ["NEW", "NEW"])
        let saved = try JSONDecoder()
            .decode(SingleSignOnToken.self, from: Data(try #require(system.read(Self.cache)).utf8))
        #expect(saved.refreshToken == "NEXT")
        #expect(saved.expiresAt == "2027-01-15T09:00:00Z")
        #expect(saved.startUrl == "https://corp")
    }

    @Test func `uses the old token while it is good where it cannot be renewed, and no longer`() async throws {
        let refused = ScriptedTransport.Answer.answer(400, #"{"error":"invalid_grant"}"#)
        #expect(try await credentials(Self.renewable, ScriptedTransport([refused, Self.keys])).accessKeyID == "A")
        let system = TestSystem()
        system.advance(by: 60)
        await #expect {
            try await credentials(Self.renewable, ScriptedTransport([refused, Self.keys]), system: system)
        } throws: { error in
            "\(error)".contains("has expired; run `aws sso login --profile corp`")
        }
    }

    @Test(arguments: [
        (nil, "there is no token in /home/.aws/sso/cache/b28b7af6"), ("SECRET", "cannot be read"),
        (#"{"accessToken":"SECRET","expiresAt":"2027-01-15T08:00:00Z"}"#, "has expired"),
        (#"{"accessToken":"SECRET","expiresAt":"2027-01-15T09:00:00Z"}"#, "does not accept the token any more"),
    ]
    )
    func `says how to sign in where the token is of no use`(token: String?, reason: String) async {
        let refused = ScriptedTransport([.answer(401, #"{"__type":"UnauthorizedException","message":"x"}"#)])
        await #expect {
            try await credentials(token, refused)
        } throws: { error in
            "\(error)".contains(reason) && "\(error)".contains("run `aws sso login --profile corp`")
                && "\(error)".contains("/home/.aws/config:2") && !"\(error)".contains("SECRET")
        }
    }
}
