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

    @Test(arguments: [
        (["HOME": "/home"], "/home/.aws/config", "/home/.aws/credentials"), ([:], nil, nil),
        (["HOME": " "], nil, nil), (["AWS_CONFIG_FILE": "/c"], "/c", nil),
        (["HOME": "/home", "AWS_CONFIG_FILE": "~/c"], "/home/c", "/home/.aws/credentials"),
        (["AWS_SHARED_CREDENTIALS_FILE": "~/c"], nil, "~/c"),
        (["HOME": "/home", "AWS_SHARED_CREDENTIALS_FILE": "c~/d"], "/home/.aws/config", "c~/d"),
    ])
    func `finds the files`(environment: [String: String], config: String?, credentials: String?) {
        let files = SharedFiles(environment: environment, profile: nil) { _ in nil }
        #expect(files.configPath == config)
        #expect(files.credentialsPath == credentials)
    }

    @Test(arguments: [
        (nil, [:], "default", false), (nil, ["AWS_PROFILE": " "], "default", false),
        (nil, ["AWS_PROFILE": "env"], "env", true), ("flag", ["AWS_PROFILE": "env"], "flag", true),
        ("default", [:], "default", true),
    ])
    func `knows the profile, and whether somebody chose it`(
        flag: String?,
        environment: [String: String],
        name: String,
        isChosen: Bool
    ) {
        let files = SharedFiles(environment: environment, profile: flag) { _ in nil }
        #expect(files.profile == name)
        #expect(files.isProfileChosen == isChosen)
    }

    @Test(arguments: [
        ([0xFF], "/c: the file is not UTF-8 text"), (Array("x".utf8), "/c:1: Expected a profile definition"),
    ])
    func `a file that is broken is no missing file, chosen profile or not`(bytes: [UInt8], text: String) {
        let files = SharedFiles(environment: ["AWS_SHARED_CREDENTIALS_FILE": "/c"], profile: nil) { _ in bytes }
        let error = #expect(throws: AWSClientError.self) { try files.load() }
        #expect(error?.description == text)
    }

    @Test func `names the file and the line of a property`() throws {
        let texts = ["/c": "[profile p]\na = 1\nb = 2", "/k": "[q]\n\n[p]\nb = 3"]
        let files = SharedFiles(
            environment: ["AWS_CONFIG_FILE": "/c", "AWS_SHARED_CREDENTIALS_FILE": "/k"],
            profile: "p"
        ) { texts[$0].map { Array($0.utf8) } }
        let config = try files.load()
        #expect(files.place(of: "a", in: "p", config) == "profile p, /c:2")
        // The credentials file is read last and wins.
        #expect(files.place(of: "b", in: "p", config) == "profile p, /k:4")
        #expect(files.place(of: "missing", in: "p", config) == "profile p, /k:3")
        #expect(files.place(of: "a", in: "gone", config) == "profile gone in /c and /k")
    }
}
