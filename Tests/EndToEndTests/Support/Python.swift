import Foundation

/// The servers of `scripts/lib`.
enum Python {
    /// Starts a server and answers with its port. It ends when `lifeline` is closed, at the latest with the test process.
    static func serve(_ script: String, _ arguments: [String] = [], lifeline: Pipe) throws -> Int {
        let process = Process()
        process.executableURL = url
        process.arguments = [root.appendingPathComponent("scripts/lib/\(script)").path, "--watch-stdin"] + arguments
        process.standardInput = lifeline
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw TooLate(description: "\(url.path) cannot be started (\(error)); run scripts/test, which makes it")
        }
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8), !byte.isEmpty {
            line += byte
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.first == "ready", let port = words.last.flatMap({ Int($0) }) else {
            throw TooLate(description: "\(script) said \(words) instead of its port")
        }
        return port
    }

    /// Runs a few lines of Python beside the test.
    static func run(_ code: String, _ arguments: String...) throws -> Process {
        let process = Process()
        process.executableURL = url
        process.arguments = ["-c", code] + arguments
        try process.run()
        return process
    }

    /// Runs a line in a shell that finds the AWS CLI of the Python environment.
    static func shell(_ line: String, environment: [String: String], in folder: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.environment = environment.merging([
            "PATH": "\(url.deletingLastPathComponent().path):/usr/bin:/bin", "HOME": folder.path,
        ]) { given, _ in given }
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..").standardizedFileURL

    private static var url: URL {
        URL(
            fileURLWithPath: ProcessInfo.processInfo.environment["SG_REVERT_PYTHON"]
                ?? root.appendingPathComponent(".venv/bin/python").path
        )
    }
}
