package import Foundation

/// A program that a test runs. Its output goes to files, which never fill up as a pipe does.
package final class ChildProcess: Sendable {
    /// What it left behind.
    package struct Result: Sendable {
        /// The status with which it exited, or the signal that ended it, negative.
        package let exitCode: Int32
        package let output: String
        package let errors: String

        /// The lines of the output.
        package var lines: [String] { output.split(separator: "\n").map(String.init) }
        /// The lines of the error output.
        package var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    private let process: SpawnedProcess
    private let arguments: [String]
    private let files: URL

    /// Where the build put one of its programs: beside the test bundle that runs.
    package static func built(_ name: String) -> URL {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return bundle.deletingLastPathComponent().appendingPathComponent(name)
    }

    /// Starts `program`.
    ///
    /// - Parameters:
    ///   - environment: all that the program gets; nil gives it the environment of the test.
    ///   - input: what it reads from its standard input.
    ///   - directory: where it runs.
    ///   - output: takes the output; nil for a file that `end` reads.
    package init(
        _ program: URL,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        input: String? = nil,
        in directory: URL? = nil,
        output: FileHandle? = nil
    ) throws {
        files = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID())")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        self.arguments = arguments
        let inputFile = files.appendingPathComponent("input")
        if let input { try Data(input.utf8).write(to: inputFile) }
        process = try SpawnedProcess(
            program,
            arguments,
            environment: environment,
            in: directory,
            input: input == nil ? nil : FileHandle(forReadingFrom: inputFile),
            output: output ?? Self.writing(to: files.appendingPathComponent("output")),
            errors: Self.writing(to: files.appendingPathComponent("errors"))
        )
    }

    deinit {
        kill()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: files)
    }

    private static func writing(to file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    /// Asks it to stop, as a service manager does.
    package func terminate() {
        signal(SIGTERM)
    }

    /// Ends it as a crash or the kernel would.
    package func kill() {
        signal(SIGKILL)
    }

    /// Sends it a signal.
    package func signal(_ number: Int32) {
        process.signal(number)
    }

    package var processID: Int32 { process.processID }
    package var isRunning: Bool { process.isRunning }
    /// What it has written so far.
    package var output: String { text("output") }
    /// What it has written to its error output so far.
    package var errors: String { text("errors") }

    private func text(_ name: String) -> String {
        (try? String(contentsOf: files.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }

    /// Runs a short program to its end, on the caller's thread.
    package static func run(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String]? = nil,
        input: String? = nil
    ) throws -> Result {
        let child = try ChildProcess(program, arguments, environment: environment, input: input)
        return child.result(child.process.waitUntilExit())
    }

    private func result(_ exitCode: Int32) -> Result {
        Result(exitCode: exitCode, output: output, errors: errors)
    }

    /// Waits for its end. A program that hangs is killed, and the test fails.
    package func end(within bound: Duration = .seconds(60)) async throws -> Result {
        let deadline = ContinuousClock.now + bound
        while true {
            if let exitCode = process.exitCode { return result(exitCode) }
            guard ContinuousClock.now < deadline else {
                kill()
                throw Hung(arguments: arguments, errors: errors)
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// The program did not end in time.
    package struct Hung: Error, CustomStringConvertible {
        let arguments: [String]
        let errors: String

        package var description: String { "\(arguments) did not end in time; it said: \(errors)" }
    }
}
