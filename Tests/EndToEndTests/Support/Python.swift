import Foundation
import TestSupport

/// The servers of `scripts/lib`.
enum Python {
    /// Starts a server and answers with its port. It ends when `lifeline` is closed, at the latest with the test process.
    static func serve(_ script: String, _ arguments: [String] = [], lifeline: Pipe) throws -> Int {
        let output = Pipe()
        do {
            _ = try SpawnedProcess(
                url,
                [root.appendingPathComponent("scripts/lib/\(script)").path, "--watch-stdin"] + arguments,
                input: lifeline.fileHandleForReading,
                output: output.fileHandleForWriting
            )
        } catch {
            throw TooLate(description: "\(url.path) cannot be started (\(error)); run scripts/test, which makes it")
        }
        // With this end open, a server that ends at once would keep the test waiting.
        try output.fileHandleForWriting.close()
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
    static func run(_ code: String, _ arguments: String...) throws -> SpawnedProcess {
        try SpawnedProcess(url, ["-c", code] + arguments)
    }

    /// Runs a line in a shell that finds the AWS CLI of the Python environment.
    static func shell(_ line: String, environment: [String: String], in folder: URL) throws -> SpawnedProcess {
        let more = ["PATH": "\(url.deletingLastPathComponent().path):/usr/bin:/bin", "HOME": folder.path]
        return try SpawnedProcess(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", line],
            environment: environment.merging(more) { given, _ in given },
            in: folder
        )
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
