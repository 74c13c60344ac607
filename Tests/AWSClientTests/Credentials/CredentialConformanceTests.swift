import Foundation
import Testing

@testable import AWSClient

/// Profiles, containers and instances, the SDKs' suites.
@Suite(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")) struct CredentialConformanceTests {
    /// What our errors say where the suite's say something else.
    private static let reasons = [
        "profile must contain `source_profile`": "neither source_profile nor credential_source",
        "profile contained both source_profile and credential_source": "credential_source stands beside source_profile",
        "profile missing aws_secret_access_key": "aws_secret_access_key is missing",
        "profile missing aws_access_key_id": "aws_access_key_id is missing",
        "profile `B` did not contain credential information": "it has no credentials",
        "could not find source profile B referenced from A": "there is no profile B",
        "profile formed an infinite loop": "the profiles form a loop",
        "`role_arn` was missing": "role_arn is missing",
        "if `sso_role_name` is set, then `sso_account_id` must also be set": "sso_account_id or sso_role_name",
        "if `sso_account_id` is set, then `sso_role_name` must also be set": "sso_account_id or sso_role_name",
        "`sso_region` can only be specified in the [sso-session] config when a session name is given":
            "it belongs into the section",
        "sso-session named `oops` (referenced by profile `A`) was not found": "there is no section [sso-session oops]",
    ]

    /// What the suite counts as errors and a chain passes over: a profile that says nothing of credentials.
    private static let nothing = [
        "profile `A` did not contain credential information", "No profiles were defined",
    ]

    @Test func `resolves profiles to chains`() throws {
        let cases = try #require(
            JSONSerialization.jsonObject(with: Data(Conformance.text("credentials/assume-role-tests.json").utf8))
                as? [[String: Any]]
        )
        #expect(cases.count == 28)
        for testCase in cases {
            let name = "\(testCase["docs"] ?? "")"
            let input = try #require(testCase["input"] as? [String: Any])
            let output = try #require(testCase["output"] as? [String: Any])
            var config = SharedConfig(profiles: try #require(input["profiles"] as? [String: [String: String]]))
            config.ssoSessions = input["sso_sessions"] as? [String: [String: String]] ?? [:]
            let selected = try #require(input["selected_profile"] as? String)
            let result = Result { () throws(ProfileFailure) in
                try ProfileChainResolver(config: config).resolve(selected)
            }
            if let expected = output["ProfileChain"] as? [[String: Any]] {
                let chain = try #require(try result.get(), "\(name)")
                #expect(Self.json(chain) == expected as NSArray, "\(name)")
            } else if let reason = output["Error"] as? String, Self.nothing.contains(reason) {
                #expect(try result.get() == nil, "\(name)")
            } else {
                guard case .failure(let error) = result else {
                    Issue.record("\(name): no error")
                    continue
                }
                let reason = try #require(Self.reasons["\(output["Error"] ?? "")"], "\(name)")
                #expect(error.reason.contains(reason), "\(name): \(error)")
            }
        }
    }

    /// A chain in the suite's own words.
    private static func json(_ chain: ProfileChain) -> NSArray {
        func object(_ name: String, _ fields: [String: String?]) -> [String: Any] {
            [name: fields.compactMapValues(\.self)]
        }
        let base: [String: Any] =
            switch chain.base {
            case .keys(let keys):
                object(
                    "AccessKey",
                    [
                        "access_key_id": keys.accessKeyID, "secret_access_key": keys.secretAccessKey,
                        "session_token": keys.sessionToken, "account_id": keys.accountID,
                    ]
                )
            case .source(let source): ["NamedSource": source.rawValue]
            case .webIdentity(let role):
                object(
                    "WebIdentityToken",
                    [
                        "role_arn": role.arn, "web_identity_token_file": role.tokenFile,
                        "role_session_name": role.sessionName,
                    ]
                )
            case .singleSignOn(let profile):
                object(
                    "Sso",
                    [
                        "sso_session": profile.session, "sso_region": profile.region, "sso_start_url": profile.startURL,
                        "sso_account_id": profile.accountID, "sso_role_name": profile.roleName,
                    ]
                )
            case .process(let command): ["CredentialProcess": command]
            }
        let roles = chain.roles.map { role in
            object(
                "AssumeRole",
                ["role_arn": role.arn, "role_session_name": role.sessionName, "external_id": role.externalID]
            )
        }
        return ([base] + roles) as NSArray
    }

    @Test func `finds the container's agent`() async throws {
        let cases = try #require(Conformance.json("credentials/ecs-tests.json")["tests"] as? [[String: Any]])
        #expect(cases.count == 11)
        for testCase in cases {
            let name = "\(testCase["docs"] ?? "")"
            let environment = try #require(testCase["env"] as? [String: String])
            let result = try #require(testCase["result"] as? [String: String])
            let endpoint = ContainerEndpoint(environment: environment)
            if let url = result["Ok"] {
                #expect(try await endpoint.url(TestSystem().system)?.text == url, "\(name)")
            } else if environment.isEmpty {
                // What one provider calls an error is for the chain to go on.
                #expect(try await endpoint.url(TestSystem().system) == nil)
            } else {
                await #expect(throws: AWSClientError.self, "\(name)") { try await endpoint.url(TestSystem().system) }
            }
        }
    }

    /// Cases whose endpoint or mode comes from the SDK's code, for which we have no setting.
    private static let inCode: Set = [
        "explicit endpoint override", "explicit mode override", "environment variable overrides endpoint mode override",
    ]

    @Test func `finds the instance's metadata service`() throws {
        let suite = try Conformance.json("credentials/imds-config/imds-endpoint-tests.json")
        let cases = try #require(suite["tests"] as? [[String: Any]])
        #expect(cases.count == 14)
        for testCase in cases {
            let name = "\(testCase["docs"] ?? "")"
            if Self.inCode.contains(name) { continue }
            let environment = try #require(testCase["env"] as? [String: String])
            let files = try #require(testCase["fs"] as? [String: String])
            let result = try #require(testCase["result"] as? [String: String])
            let config = try SharedFiles(environment: environment, profile: nil) { files[$0].map { Array($0.utf8) } }
                .load()
            let found = Result { () throws(AWSClientError) in
                try InstanceMetadataSettings(environment: environment, profile: config.profiles["default"] ?? [:])
            }
            if let url = result["Ok"] {
                #expect(try found.get().endpoint + "/latest/api/token" == url, "\(name)")
            } else {
                #expect(throws: AWSClientError.self, "\(name)") { try found.get() }
            }
        }
    }
}
