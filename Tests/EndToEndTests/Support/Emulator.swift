import Foundation

/// The AWS emulator, one process for all tests. It ends with the test process, since it watches its standard input.
final class Emulator: Sendable {
    /// Started when the first test asks for it.
    static let shared = Result { try Emulator() }

    let port: Int
    /// Held open for as long as the tests run.
    private let lifeline = Pipe()

    private init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../..").standardizedFileURL
        let python =
            ProcessInfo.processInfo.environment["SG_REVERT_PYTHON"]
            ?? root.appendingPathComponent(".venv/bin/python").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [root.appendingPathComponent("scripts/lib/emulator.py").path, "--watch-stdin"]
        process.standardInput = lifeline
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw TooLate(description: "\(python) cannot be started (\(error)); run scripts/test, which makes it")
        }
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8), !byte.isEmpty {
            line += byte
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.first == "ready", let port = words.last.flatMap({ Int($0) }) else {
            throw TooLate(description: "the AWS emulator said \(words) instead of its port")
        }
        self.port = port
    }

    /// What points an AWS client at the emulator, and at nothing else.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        ].merging(Self.closed) { given, _ in given }
    }

    /// Every other way to a real account closed.
    static let closed = [
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1,localhost",
    ]
}
