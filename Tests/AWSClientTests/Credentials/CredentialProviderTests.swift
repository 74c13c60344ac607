import Foundation
import Testing

@testable import AWSClient

/// Credential providers.
@Suite struct CredentialProviderTests {
    @Test func `never shows a secret`() {
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

    @Test func `reads the environment, where a blank is nothing`() async throws {
        let full = ["AWS_ACCESS_KEY_ID": " AKID ", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": " "]
        let found = try await EnvironmentProvider(environment: full).credentials()
        #expect(found == Credentials(accessKeyID: "AKID", secretAccessKey: "s"))
        let blank = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": " "]
        #expect(try await EnvironmentProvider(environment: blank).credentials() == nil)
    }

    @Test(arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    func `refuses half a pair`(variable: String) async {
        await #expect(throws: AWSClientError.self) {
            try await EnvironmentProvider(environment: [variable: "x"]).credentials()
        }
    }

    @Test func `asks the next place only where one has nothing`() async throws {
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
