import Foundation
import Testing

/// The public test data of the AWS SDKs, which lies outside the package.
enum Conformance {
    static let directory = ProcessInfo.processInfo.environment["SG_REVERT_CONFORMANCE_DIR"].map {
        URL(fileURLWithPath: $0, isDirectory: true)
    }

    static var isAvailable: Bool { directory != nil }

    static func text(_ path: String) throws -> String {
        let url = try #require(directory).appending(path: path)
        return try String(contentsOf: url, encoding: .utf8)
    }

    static func json(_ path: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text(path).utf8)) as? [String: Any])
    }

    /// The names of the folders in `path`, or none without test data.
    static func folders(_ path: String) -> [String] {
        let url = directory?.appending(path: path)
        return url.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path()).sorted() } ?? []
    }
}
