import Foundation

/// An https server whose certificate, for `localhost`, is of a CA that no system knows.
final class TLSServer: Sendable {
    static let secret = "a secret of the webhook"

    let port: Int
    private let folder: URL
    private let lifeline = Pipe()

    init(in folder: URL) throws {
        self.folder = folder
        let arguments = ["--folder", folder.path, "--secret", Self.secret]
        port = try Python.serve("tlsserver.py", arguments, lifeline: lifeline)
    }

    deinit {
        try? lifeline.fileHandleForWriting.close()
    }

    /// What makes the program trust the CA.
    var trust: [String: String] { ["AWS_CA_BUNDLE": folder.appendingPathComponent("ca.pem").path] }

    /// What came by POST.
    func requests() throws -> [JSON] {
        let file = folder.appendingPathComponent("requests.jsonl")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}
