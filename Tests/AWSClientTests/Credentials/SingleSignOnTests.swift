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

    /// The error of a session whose config file is `config` and whose token is good.
    private func error(_ config: String, home: String? = "/home", _ answer: ScriptedTransport.Answer...) async -> String
    {
        let files = ["/config": "[profile corp]\n\(config)", Self.cache: Self.token]
        var environment = ["AWS_CONFIG_FILE": "/config", "AWS_PROFILE": "corp", "AWS_REGION": "us-east-1"]
        environment["HOME"] = home
        let error = await #expect(throws: (any Error).self) {
            try await AWSSession(
                environment: environment,
                transport: ScriptedTransport(answer),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                system: TestSystem(files: files).system
            ).credentials
        }
        return "\(error.map { "\($0)" } ?? "")"
    }

    private static let section = "\n[sso-session main]\nsso_start_url = https://s\nsso_region = "

    @Test func `says what a profile lacks before it asks anybody`() async {
        let whole = "sso_session = main\nsso_account_id = 1\nsso_role_name = r"
        #expect(await error("\(whole)\(Self.section)moon").hasSuffix("sso_region moon is no AWS Region"))
        #expect(
            await error("sso_session = main\(Self.section)eu-west-1")
                .hasSuffix("sso_account_id and sso_role_name are missing")
        )
        #expect(
            await error("\(whole)\(Self.section)eu-west-1", home: nil).hasSuffix("HOME is unset; the token is under it")
        )
    }

    @Test func `does not blame the token where the service fails or its answer cannot be read`() async {
        let config = "sso_session = main\nsso_account_id = 1\nsso_role_name = r\(Self.section)eu-west-1"
        let unreadable = await error(config, .answer(200, "{}"))
        #expect(unreadable.hasPrefix("sso GetRoleCredentials got an answer that cannot be read"))
        let forbidden = await error(config, .answer(403, #"{"__type":"ForbiddenException","message":"No access"}"#))
        #expect(forbidden == "sso GetRoleCredentials failed: ForbiddenException: No access (HTTP 403)")
    }

    @Test(arguments: ["refreshToken", "clientId", "clientSecret", "registrationExpiresAt"])
    func `renews nothing where a part is missing, and uses the token to its end`(name: String) async throws {
        let token = Self.renewable.replacingOccurrences(of: "\"\(name)\"", with: "\"x\"")
        let transport = ScriptedTransport([Self.keys])
        #expect(try await credentials(token, transport).accessKeyID == "A")
        #expect(transport.requests.map { $0.headers["x-amz-sso_bearer_token"] } == ["OLD"])
    }

    @Test func `renews nothing once the registration of the client has ended`() async throws {
        let token = Self.renewable.replacingOccurrences(of: "2027-02-15", with: "2027-01-15")
        let transport = ScriptedTransport([Self.keys])
        _ = try await credentials(token, transport)
        #expect(transport.requests.count == 1)
    }

    @Test func `uses a renewed token that cannot be saved, keeps the old refresh token, and ends with its task`()
        async throws
    {
        let files = TestSystem(files: ["/home/.aws/config": Self.config, Self.cache: Self.renewable])
        var machine = files.system
        func credentials(_ answers: ScriptedTransport.Answer...) async throws -> Credentials {
            try await AWSSession(
                environment: ["HOME": "/home", "AWS_PROFILE": "corp", "AWS_REGION": "us-east-1"],
                transport: ScriptedTransport(answers),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                system: machine
            ).credentials
        }
        await #expect(throws: CancellationError.self) { try await credentials(.failure(.cancelled), Self.keys) }
        let renewed = ScriptedTransport.Answer.answer(200, #"{"accessToken":"NEW","expiresIn":600}"#)
        machine.writeFile = { _, _ in throw CocoaError(.fileWriteNoPermission) }
        #expect(try await credentials(renewed, Self.keys).accessKeyID == "A")
        #expect(files.read(Self.cache) == Self.renewable)
        machine.writeFile = files.system.writeFile
        #expect(try await credentials(renewed, Self.keys).accessKeyID == "A")
        let saved = try #require(files.read(Self.cache))
        #expect(saved.contains("REFRESH") && saved.contains("NEW"))
    }

    @Test func `uses the old token while it is good where nobody renews it`() async throws {
        let broken = ScriptedTransport.Answer.failure(.connectionFailed(host: "h", reason: "reset"))
        for answers in [[broken, broken, broken], [.answer(200, "{}")]] {
            let transport = ScriptedTransport(answers + [Self.keys])
            #expect(try await credentials(Self.renewable, transport).accessKeyID == "A")
            #expect(transport.requests.last?.headers["x-amz-sso_bearer_token"] == "OLD")
        }
    }

    @Test(arguments: [("2027-01-15T08:15:01Z", "OLD"), ("2027-01-15T08:15:00Z", "NEW")])
    func `renews a token from fifteen minutes before its end`(expiration: String, token: String) async throws {
        let renewed = ScriptedTransport.Answer.answer(200, #"{"accessToken":"NEW","expiresIn":3600}"#)
        let transport = ScriptedTransport(token == "NEW" ? [renewed, Self.keys] : [Self.keys])
        let stored = Self.renewable.replacingOccurrences(of: "2027-01-15T08:01:00Z", with: expiration)
        _ = try await credentials(stored, transport)
        #expect(transport.requests.last?.headers["x-amz-sso_bearer_token"] == token)
    }
}
