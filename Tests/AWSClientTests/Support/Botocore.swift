import Foundation
import TestSupport

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
        let lines = try questions.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }
        let result = try ChildProcess.run(
            URL(fileURLWithPath: python),
            [root.appending(path: "Tests/AWSClientTests/Support/botocore_peer.py").path()],
            input: lines.joined()
        )
        return try result.lines.map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    }
}
