import Foundation
import Testing

@testable import AWSClient

@Suite("Credential providers")
struct CredentialProviderTests {
    private func fileProvider(
        config: String = "",
        credentials: String = "",
        profile: String? = nil,
        environment: [String: String] = [:]
    ) -> SharedFileProvider {
        let contents = ["/home/.aws/config": Array(config.utf8), "/home/.aws/credentials": Array(credentials.utf8)]
        let home = ["HOME": "/home"].merging(environment) { $1 }
        return SharedFileProvider(files: SharedFiles(environment: home, profile: profile) { contents[$0] })
    }

    @Test("never shows a secret")
    func redaction() {
        let credentials = Credentials(
            accessKeyID: "AKID",
            secretAccessKey: "SECRET",
            sessionToken: "TOKEN",
            expiration: .distantFuture
        )
        var dumped = ""
        dump(credentials, to: &dumped)
        let shown = "\(credentials) \(String(reflecting: credentials)) \([credentials]) \(dumped)"
        #expect(shown.contains("AKID"))
        #expect(!shown.contains("SECRET"))
        #expect(!shown.contains("TOKEN"))
    }

    @Test("reads the environment, where a blank is nothing")
    func environment() async throws {
        let full = ["AWS_ACCESS_KEY_ID": " AKID ", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": " "]
        let found = try await EnvironmentProvider(environment: full).credentials()
        #expect(found == Credentials(accessKeyID: "AKID", secretAccessKey: "s"))
        let blank = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": " "]
        #expect(try await EnvironmentProvider(environment: blank).credentials() == nil)
    }

    @Test("refuses half a pair", arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    func halfPair(variable: String) async {
        await #expect(throws: AWSClientError.self) {
            try await EnvironmentProvider(environment: [variable: "x"]).credentials()
        }
    }

    @Test("reads a profile's static keys from either file")
    func profile() async throws {
        let provider = fileProvider(
            config: "[profile dev]\naws_access_key_id = A\n",
            credentials: "[dev]\naws_secret_access_key = S\naws_session_token = T",
            profile: "dev"
        )
        #expect(
            try await provider.credentials() == Credentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T")
        )
    }

    @Test(
        "passes on where the default profile is missing or says nothing of keys",
        arguments: ["", "[default]\nregion = x"]
    )
    func nothingHere(config: String) async throws {
        #expect(try await fileProvider(config: config).credentials() == nil)
    }

    @Test(
        "stops at a profile that cannot be used, and says why",
        arguments: [
            ("", "no such profile"), ("[profile dev]\naws_access_key_id = A", "aws_secret_access_key is missing"),
            ("[profile dev]\naws_secret_access_key = S", "aws_access_key_id is missing"),
            ("[profile dev]\nrole_arn = arn\nsource_profile = x", "role_arn"),
            ("[profile dev]\nsso_session = corp", "sso_session"),
            ("[profile dev]\ncredential_process = x", "credential_process"),
            ("[profile dev\n", "must end"),
        ]
    )
    func broken(config: String, reason: String) async {
        let provider = fileProvider(config: config, environment: ["AWS_PROFILE": "dev"])
        await #expect {
            try await provider.credentials()
        } throws: { error in
            "\(error)".contains(reason) && "\(error)".contains("/home/.aws/config")
        }
    }

    @Test("asks the next place only where one has nothing")
    func chain() async throws {
        struct Fixed: CredentialProvider {
            let name: String
            let result: Result<Credentials?, AWSClientError>
            func credentials() async throws -> Credentials? { try result.get() }
        }
        let nothing = Fixed(name: "a", result: .success(nil))
        let broken = Fixed(name: "b", result: .failure(.missingRegion))
        let found = Fixed(name: "c", result: .success(Credentials(accessKeyID: "A", secretAccessKey: "S")))
        #expect(try await ProviderChain([nothing, found, broken]).credentials()?.accessKeyID == "A")
        await #expect(throws: AWSClientError.missingRegion) {
            try await ProviderChain([nothing, broken, found]).credentials()
        }
        #expect(try await ProviderChain([nothing]).credentials() == nil)
        #expect(ProviderChain([nothing, found]).name == "a, c")
    }
}
