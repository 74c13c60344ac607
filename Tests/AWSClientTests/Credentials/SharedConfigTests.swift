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
