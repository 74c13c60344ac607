import Testing

@testable import AWSClient

/// The way from a profile to credentials, as it is found from the files alone.
@Suite struct ProfileChainTests {
    private static let keys = "aws_access_key_id = A\naws_secret_access_key = S"
    private static let base = ProfileChain.Base.keys(Credentials(accessKeyID: "A", secretAccessKey: "S"))

    /// Resolves the profile `p` of a config file.
    private func resolve(_ text: String) throws -> ProfileChain? {
        var config = SharedConfig()
        try config.add(text, kind: .config)
        return try ProfileChainResolver(config: config).resolve("p")
    }

    private func failure(_ text: String) -> ProfileFailure? {
        #expect(throws: ProfileFailure.self) { try resolve(text) }
    }

    @Test(arguments: ["", "[profile q]\nx = y", "[profile p]", "[profile p]\nregion = eu-west-1\nexternal_id = x"])
    func `is nothing where a profile says nothing about credentials`(text: String) throws {
        #expect(try resolve(text) == nil)
    }

    @Test func `takes keys with their token and account`() throws {
        let chain = try resolve("[profile p]\n\(Self.keys)\naws_session_token = T\naws_account_id = 111122223333")
        let keys = Credentials(
            accessKeyID: "A",
            secretAccessKey: "S",
            sessionToken: "T",
            accountID: "111122223333"
        )
        #expect(chain == ProfileChain(base: .keys(keys), baseProfile: "p", roles: []))
    }

    @Test func `assumes roles from the last profile to the first`() throws {
        let chain = try resolve(
            """
            [profile p]
            role_arn = arn:p
            source_profile = q
            role_session_name = me
            external_id = x
            duration_seconds = 900
            [profile q]
            role_arn = arn:q
            source_profile = r
            [profile r]
            \(Self.keys)
            """
        )
        #expect(
            chain
                == ProfileChain(
                    base: Self.base,
                    baseProfile: "r",
                    roles: [
                        .init(arn: "arn:q"),
                        .init(arn: "arn:p", sessionName: "me", externalID: "x", durationSeconds: 900),
                    ]
                )
        )
    }

    @Test func `ends at keys, but not at those of the chosen profile, which is to become its role`() throws {
        let role = "role_arn = arn:p\nsource_profile = q"
        let chain = try resolve("[profile p]\n\(Self.keys)\n\(role)\n[profile q]\n\(Self.keys)\nrole_arn = arn:q")
        #expect(chain == ProfileChain(base: Self.base, baseProfile: "q", roles: [.init(arn: "arn:p")]))
    }

    @Test func `lets a profile name itself, for its own keys`() throws {
        let chain = try resolve("[profile p]\n\(Self.keys)\nrole_arn = arn:p\nsource_profile = p")
        #expect(chain == ProfileChain(base: Self.base, baseProfile: "p", roles: [.init(arn: "arn:p")]))
    }

    @Test(arguments: [
        ("Environment", ProfileChain.Source.environment), ("Ec2InstanceMetadata", .instance),
        ("EcsContainer", .container),
    ])
    func `knows the three sources beside profiles`(name: String, source: ProfileChain.Source) throws {
        let chain = try resolve("[profile p]\nrole_arn = arn:p\ncredential_source = \(name)")
        #expect(chain == ProfileChain(base: .source(source), baseProfile: "p", roles: [.init(arn: "arn:p")]))
    }

    @Test func `prefers a web identity, then single sign-on, then keys, then a process`() throws {
        var lines = [
            "web_identity_token_file = /t\nrole_arn = arn:p\nrole_session_name = n\nduration_seconds = 43200",
            "sso_start_url = https://s\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r", Self.keys,
            "credential_process = x",
        ]
        func next() throws -> ProfileChain.Base? {
            defer { lines.removeFirst() }
            return try resolve("[profile p]\n" + lines.joined(separator: "\n"))?.base
        }
        let web = WebIdentityRole(arn: "arn:p", tokenFile: "/t", sessionName: "n", durationSeconds: 43_200)
        #expect(try next() == .webIdentity(web))
        let legacy = SingleSignOnProfile(
            session: nil,
            region: "eu-west-1",
            startURL: "https://s",
            accountID: "1",
            roleName: "r"
        )
        #expect(try next() == .singleSignOn(legacy))
        #expect(try next() == Self.base)
        #expect(try next() == .process("x"))
    }

    @Test func `names every profile of a loop`() {
        let found = failure(
            """
            [profile p]
            role_arn = a
            source_profile = q
            [profile q]
            role_arn = a
            source_profile = r
            [profile r]
            role_arn = a
            source_profile = q
            """
        )
        #expect(
            found
                == ProfileFailure(
                    profile: "q",
                    key: "source_profile",
                    reason: "the profiles form a loop: p → q → r → q"
                )
        )
    }

    @Test(arguments: [
        ("role_arn = a\nsource_profile = q\n[profile q]\nregion = x", "q", "", "it has no credentials, though others"),
        (
            "role_arn = a\nsource_profile = q\ncredential_source = Environment", "p", "source_profile",
            "source_profile: credential_source stands beside source_profile; keep one"
        ),
        ("role_arn = a\nsource_profile = gone", "p", "source_profile", "there is no profile gone"),
        (
            "role_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\nmfa_serial = m", "q", "mfa_serial",
            "mfa_serial: nobody is there to be asked for a code"
        ),
        (
            "web_identity_token_file = /t", "p", "web_identity_token_file",
            "web_identity_token_file: role_arn is missing beside it"
        ),
        (
            "web_identity_token_file = /t\nrole_arn = a\nduration_seconds = 43201", "p", "duration_seconds",
            "duration_seconds: expected a number from 900 to 43200"
        ),
    ])
    func `says which key of which profile is wrong`(text: String, profile: String, key: String, reason: String) {
        let found = failure("[profile p]\n\(text)")
        #expect(found?.profile == profile)
        #expect(found?.key == key)
        #expect(found?.reason.hasPrefix(reason) == true)
    }

    // MARK: Single sign-on

    private static let section = "\n[sso-session main]\nsso_region = eu-west-1\nsso_start_url = https://s"

    @Test func `reads a sign-on from its section, and may repeat what the section says`() throws {
        let own = "sso_session = main\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1"
        let chain = try resolve("[profile p]\n\(own)\(Self.section)")
        let profile = SingleSignOnProfile(
            session: "main",
            region: "eu-west-1",
            startURL: "https://s",
            accountID: "1",
            roleName: "r"
        )
        #expect(chain?.base == .singleSignOn(profile))
        // The AWS CLI's place of the token: the SHA-1 of the session's name.
        #expect(profile.tokenPath == ".aws/sso/cache/b28b7af69320201d1cf206ebf28373980add1451.json")
    }

    @Test(arguments: [
        ("sso_session = main\nsso_account_id = 1" + section, "sso_account_id", "go together"),
        ("sso_session = main\nsso_role_name = r" + section, "sso_role_name", "go together"),
        ("sso_session = main\nsso_region = us-east-1" + section, "sso_region", "belongs into the section"),
        (
            "sso_session = main\n[sso-session main]\nsso_region = x", "sso_session",
            "sso_region or sso_start_url is missing in"
        ),
        ("sso_session = other" + section, "sso_session", "there is no section [sso-session other]"),
        ("sso_account_id = 1\nsso_role_name = r", "sso_account_id", "sso_region or sso_start_url is missing beside it"),
        (
            "sso_start_url = s\nsso_region = r\nsso_role_name = r", "sso_start_url",
            "sso_account_id or sso_role_name is missing"
        ),
    ])
    func `says what a sign-on lacks`(text: String, key: String, reason: String) {
        let found = failure("[profile p]\n\(text)")
        #expect(found?.key == key)
        #expect(found?.reason.contains(reason) == true)
    }
}
