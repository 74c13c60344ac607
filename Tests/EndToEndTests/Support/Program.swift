import Foundation

/// The built program, run as its users run it. Its output goes to files, which never fill up as a pipe does.
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

    /// The program stands beside the test bundle that runs.
    static var url: URL {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return bundle.deletingLastPathComponent().appendingPathComponent("sg-revert")
    }

    private let process = Process()
    private let files: URL

    /// Starts the program with nothing of this process's environment but `PATH`.
    ///
    /// - Parameter output: takes the output; nil for a file that `end` reads.
    init(_ arguments: [String], environment: [String: String], in folder: URL, output: FileHandle? = nil) throws {
        files = folder.appendingPathComponent("run-\(UUID())")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        process.executableURL = Self.url
        process.arguments = arguments
        process.environment = environment.merging([
            "HOME": folder.path, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        ]) { given, _ in given }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        let file = try Self.writing(to: files.appendingPathComponent("output"))
        process.standardOutput = output ?? file
        process.standardError = try Self.writing(to: files.appendingPathComponent("errors"))
        try process.run()
    }

    private static func writing(to file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
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
        process.terminate()
    }

    /// Tells it to read its policy again.
    func hangUp() {
        Foundation.kill(process.processIdentifier, SIGHUP)
    }

    /// Ends it as a crash or the kernel would.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
    }

    /// Stops its clock, as a machine does that is suspended.
    func pause() {
        Foundation.kill(process.processIdentifier, SIGSTOP)
    }

    /// Lets it go on.
    func resume() {
        Foundation.kill(process.processIdentifier, SIGCONT)
    }

    var processID: Int32 {
        process.processIdentifier
    }

    var isRunning: Bool {
        process.isRunning
    }

    /// What it has said on stderr so far.
    var errors: String {
        (try? String(contentsOf: files.appendingPathComponent("errors"), encoding: .utf8)) ?? ""
    }

    /// Waits for its end. A program that hangs is killed, and the test fails.
    func end() async throws -> Result {
        do {
            try await eventually("\(process.arguments ?? []) has ended") { !process.isRunning }
        } catch {
            kill()
            throw TooLate(description: "\(error); it said: \(errors)")
        }
        return Result(
            exitCode: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try String(contentsOf: files.appendingPathComponent("output"), encoding: .utf8),
            errors: errors
        )
    }
}
