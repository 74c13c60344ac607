import Foundation
import Logging
import Testing

@testable import AWSClient

@Suite struct SharedConfigTests {
    @Test func `reads profiles, sections and the properties inside a property`() throws {
        var config = SharedConfig()
        try config.add(
            """
            # the config file
            [default]
            region = eu-west-1
            [profile dev] ; ours
            REGION=us-east-1
            services = local
            s3 =
              max = 1
            [sso-session corp]
            sso_region = eu-west-1
            [services local]
            sqs =
              endpoint_url = http://localhost:4566
            [other thing]
            x = y
            """,
            kind: .config
        )
        #expect(
            config.profiles == [
                "default": ["region": "eu-west-1"],
                "dev": ["region": "us-east-1", "services": "local", "s3": "\nmax = 1"],
            ]
        )
        #expect(config.ssoSessions == ["corp": ["sso_region": "eu-west-1"]])
        let sqs = SharedConfig.subproperties(config.services["local"]?["sqs"] ?? "")
        #expect(sqs == ["endpoint_url": "http://localhost:4566"])
    }

    @Test func `lets the credentials file win`() throws {
        var config = SharedConfig()
        try config.add("[profile a]\nx = config\ny = config", kind: .config)
        try config.add("[a]\nx = credentials", kind: .credentials)
        #expect(config.profiles == ["a": ["x": "credentials", "y": "config"]])
    }

    @Test(arguments: [
        ("x = y", 1, "Expected a profile definition"), ("[profile a\n", 1, "must end with ']'"),
        ("[profile a]\n\nx", 3, "Expected an '=' sign"), ("[profile a]\r\n= x", 2, "did not have a name"),
        ("[profile a]\n x", 2, "found continuation"),
    ]
    )
    func `names the line that is wrong`(text: String, line: Int, reason: String) {
        var config = SharedConfig()
        #expect {
            try config.add(text, kind: .config)
        } throws: { error in
            guard let error = error as? SharedConfig.SyntaxError else { return false }
            return error.line == line && error.reason.contains(reason)
        }
    }

    @Test(arguments: [
        ("x = a # no", "a"), ("x = a ; no", "a"), ("x = a#b", "a#b"), ("x = a;b", "a;b"), ("x=a=b", "a=b"),
        ("X\t=  a b  ", "a b"), ("x =", ""), ("x = # no", ""), ("x = 1\nX = 2", "2"),
        ("x = a\n  b # c\n\tc", "a\nb # c\nc"),
        ("; x = 0\nx = a\n# end", "a"),
    ])
    func `reads a value without its comment`(lines: String, value: String) throws {
        var config = SharedConfig()
        try config.add("[default]\n\(lines)", kind: .config)
        #expect(config.profiles == ["default": ["x": value]])
    }

    @Test(arguments: [
        ("[p]", SharedConfig.Kind.config, nil), ("[profile p]", .config, "p"), ("[profile p]", .credentials, nil),
        ("[p]", .credentials, "p"), ("[ profile\t p ] # ours", .config, "p"), ("[default]", .config, "default"),
        ("[profile a b]", .config, nil), ("[profile é]", .config, nil), ("[profile]", .credentials, "profile"),
        ("[sso-session p]", .credentials, nil), ("[a.b/c@d:e+f%-_]", .credentials, "a.b/c@d:e+f%-_"),
    ])
    func `knows the sections of each file`(header: String, kind: SharedConfig.Kind, profile: String?) throws {
        var config = SharedConfig()
        try config.add("\(header)\nx = y", kind: kind)
        #expect(config.profiles == profile.map { [$0: ["x": "y"]] } ?? [:])
        #expect(config.ssoSessions.isEmpty && config.services.isEmpty)
    }

    @Test func `prefers the section with the word profile to a bare default, whatever their order`() throws {
        for text in ["[default]\nx = 1\n[profile default]\ny = 2", "[profile default]\ny = 2\n[default]\nx = 1"] {
            var config = SharedConfig()
            try config.add(text, kind: .config)
            #expect(config.profiles == ["default": ["y": "2"]])
        }
    }

    @Test func `joins sections of one name, and skips names that no SDK takes`() throws {
        var config = SharedConfig()
        try config.add("[profile p]\nx = 1\nx y = 2\n  more\n[profile q]\n[profile p]\nx = 3\nz = 4", kind: .config)
        #expect(config.profiles == ["p": ["x": "3", "z": "4"], "q": [:]])
    }

    @Test(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset"))
    func `parses the SDKs' common suite`() throws {
        let suite = try Conformance.json("profiles/profile-parser-tests.json")
        let cases = try #require(suite["tests"] as? [[String: Any]])
        #expect(cases.count > 50)
        for testCase in cases {
            let name = testCase["name"] as? String ?? ""
            let input = try #require(testCase["input"] as? [String: String])
            let output = try #require(testCase["output"] as? [String: Any])
            let result = Result { () throws(SharedConfig.SyntaxError) in
                var config = SharedConfig()
                try config.add(input["configFile"] ?? "", kind: .config)
                try config.add(input["credentialsFile"] ?? "", kind: .credentials)
                return config
            }
            if let reason = output["errorContaining"] as? String {
                guard case .failure(let error) = result else {
                    Issue.record("\(name): no error")
                    continue
                }
                #expect(error.reason.contains(reason), "\(name)")
            } else {
                let expected = try #require(output["config"] as? [String: Any])
                let config = try result.get()
                #expect(config.profiles == expected["profiles"] as? [String: [String: String]], "\(name)")
                if let sessions = expected["sso_sessions"] as? [String: [String: String]] {
                    #expect(config.ssoSessions == sessions, "\(name)")
                }
            }
        }
    }

    @Test(
        .enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")
    )
    func `finds the files where the SDKs do`() throws {
        let suite = try Conformance.json("profiles/file-location-tests.json")
        let cases = try #require(suite["tests"] as? [[String: Any]]).filter { $0["platform"] as? String != "windows" }
        #expect(cases.count == 4)
        for testCase in cases {
            let environment = try #require(testCase["environment"] as? [String: String])
            let files = SharedFiles(environment: environment, profile: nil) { _ in nil }
            #expect(files.configPath == testCase["configLocation"] as? String)
            #expect(files.credentialsPath == testCase["credentialsLocation"] as? String)
            if let profile = testCase["profile"] as? String { #expect(files.profile == profile) }
        }
    }

    @Test func `does without files that it may not read where no profile is chosen`() async throws {
        let machine = TestSystem().system
        let closed = HostSystem(
            now: machine.now,
            sleep: machine.sleep,
            random: machine.random,
            makeID: machine.makeID,
            readFile: { _ in throw CocoaError(.fileReadNoPermission) }
        )
        func session(_ environment: [String: String]) throws -> AWSSession {
            try AWSSession(
                environment: environment.merging(["HOME": "/home", "AWS_REGION": "eu-west-1"]) { $1 },
                transport: ScriptedTransport([]),
                logger: Logger(label: "test"),
                system: closed
            )
        }
        let keys = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"]
        #expect(try await session(keys).credentials.accessKeyID == "A")
        let expected = "/home/.aws/config: the file cannot be read; check who may read it"
        #expect {
            try session(keys.merging(["AWS_PROFILE": "p"]) { $1 })
        } throws: { "\($0)" == expected }
    }
}
