import Foundation

/// botocore in a process beside the tests, asked many questions at once.
enum Botocore {
    private static let root = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardizedFileURL
    private static let python =
        ProcessInfo.processInfo.environment["SG_REVERT_PYTHON"] ?? root.appending(path: ".venv/bin/python").path()

    static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: python) }

    static func ask<Question: Encodable, Answer: Decodable>(
        _ questions: [Question],
        for _: Answer.Type = Answer.self
    ) throws -> [Answer] {
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [root.appending(path: "Tests/AWSClientTests/Support/botocore_peer.py").path()]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The peer reads all before it answers, so that neither waits for the other.
        for question in questions {
            try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(question) + Data("\n".utf8))
        }
        try input.fileHandleForWriting.close()
        let lines = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try lines.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}

/// SplitMix64: the same cases at every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Text of the characters of `alphabet`.
    mutating func text(_ alphabet: String, _ count: ClosedRange<Int>) -> String {
        let characters = Array(alphabet)
        return String(
            (0..<Int.random(in: count, using: &self)).map { _ in
                characters[Int.random(in: 0..<characters.count, using: &self)]
            }
        )
    }
}
