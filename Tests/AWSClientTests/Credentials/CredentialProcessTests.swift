import Foundation
import Testing

@testable import AWSClient

/// The ends of a credential process that `ProfileProviderTests` does not reach: it never answers.
@Suite struct CredentialProcessTests {
    private func credentials(
        _ shell: @escaping @Sendable (String) throws -> HostSystem.ShellResult
    ) async throws -> Credentials {
        try await CredentialProcess(command: "get --password SECRET", source: "profile p")
            .credentials(TestSystem(shell: shell).system)
    }

    @Test(arguments: [
        (ShellCommand.Failure.timedOut(after: .seconds(60)), "did not end within 60 s and was killed"),
        (.tooMuchOutput(limit: 1_048_576), "printed more than 1048576 bytes and was killed"),
        (.notStarted("Too many open files"), "cannot be started: Too many open files"),
    ])
    func `says why a process was given up, without its command`(failure: ShellCommand.Failure, reason: String) async {
        let error = await #expect(throws: AWSClientError.self) { try await credentials { _ in throw failure } }
        #expect(
            error
                == .invalidCredentials(
                    source: "profile p",
                    reason: "the credential process: it \(reason); run it by hand to see why"
                )
        )
    }

    @Test func `shows nothing of an error that it does not know`() async {
        struct Odd: Error { let text = "SECRET" }
        let error = await #expect(throws: AWSClientError.self) { try await credentials { _ in throw Odd() } }
        #expect(error?.description.contains("the credential process cannot be started") == true)
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test func `passes a cancellation on as such`() async {
        await #expect(throws: CancellationError.self) { try await credentials { _ in throw CancellationError() } }
    }

    @Test func `refuses keys that end at this moment`() async throws {
        let json = #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"2027-01-15T08:00:0"#
        let last = Array("\(json)1Z\"}".utf8)
        #expect(try await credentials { _ in .init(status: 0, output: last) }.expiration == TestSystem.start + 1)
        let over = Array("\(json)0Z\"}".utf8)
        await #expect(throws: AWSClientError.self) { try await credentials { _ in .init(status: 0, output: over) } }
    }
}
