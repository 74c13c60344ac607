import Foundation
import TestSupport

/// The built program, run as its users run it.
final class Program: Sendable {
    /// What it left behind.
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
        let errors: String

        /// The lines on stderr.
        var errorLines: [String] {
            errors.split(separator: "\n").map(String.init)
        }
    }

    private let child: ChildProcess

    /// Starts the program with nothing of this process's environment but `PATH`.
    ///
    /// - Parameter output: takes the output; nil for a file that `end` reads.
    init(_ arguments: [String], environment: [String: String], in folder: URL, output: FileHandle? = nil) throws {
        child = try ChildProcess(
            ChildProcess.built("sg-revert"),
            arguments,
            environment: environment.merging([
                "HOME": folder.path, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            ]) { given, _ in given },
            in: folder,
            output: output
        )
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String],
        environment: [String: String],
        in folder: URL
    ) async throws -> Result {
        try await Program(arguments, environment: environment, in: folder).end()
    }

    /// Asks it to stop, as a service manager does.
    func terminate() {
        child.terminate()
    }

    /// Tells it to read its policy again.
    func hangUp() {
        child.signal(SIGHUP)
    }

    /// Ends it as a crash or the kernel would.
    func kill() {
        child.kill()
    }

    /// Stops its clock, as a machine does that is suspended.
    func pause() {
        Foundation.kill(processID, SIGSTOP)
    }

    /// Lets it go on.
    func resume() {
        Foundation.kill(processID, SIGCONT)
    }

    var processID: Int32 { child.processID }
    var isRunning: Bool { child.isRunning }
    /// What it has said on stderr so far.
    var errors: String { child.errors }

    /// Waits for its end. A program that hangs is killed, and the test fails.
    func end() async throws -> Result {
        let result = try await child.end(within: .seconds(60))
        return Result(exitCode: result.exitCode, output: result.output, errors: result.errors)
    }
}
