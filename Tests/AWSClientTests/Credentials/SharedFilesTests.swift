import Foundation
import Testing

@testable import AWSClient

@Suite struct SharedFilesTests {
    private func files(_ environment: [String: String], profile: String? = nil) -> SharedFiles {
        SharedFiles(environment: ["HOME": "/home"].merging(environment) { $1 }, profile: profile) { _ in
            throw CocoaError(.fileReadNoPermission)
        }
    }

    @Test func `a file that may not be read is passed over, as the AWS SDKs do`() throws {
        #expect(try files([:]).load().profiles.isEmpty)
    }

    @Test(arguments: [["AWS_PROFILE": "p"], [:]])
    func `but not where somebody chose a profile in it`(_ environment: [String: String]) {
        let files = files(environment, profile: environment.isEmpty ? "p" : nil)
        let error = #expect(throws: AWSClientError.self) { try files.load() }
        #expect(error?.description == "/home/.aws/config: the file cannot be read; check who may read it")
        #expect(error?.isConfiguration == true)
    }
}
