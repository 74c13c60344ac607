package import Foundation
import Hashing
package import SecurityGroups
import Yams

/// A policy in YAML. Every key and value is checked, and every error has a line and a column.
package struct PolicyDocument: Sendable {
    /// The policy.
    package let policy: Policy
    private let warnings: [PolicyProblem]
    private let expiries: [(until: Date, problem: PolicyProblem)]

    /// Reads the file at `path`.
    ///
    /// - Throws: `InvalidPolicy`, also if the file cannot be read.
    package init(path: String) throws(InvalidPolicy) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            let problem = PolicyProblem(
                path: path,
                line: 1,
                column: 1,
                severity: .error,
                message: Self.message(for: error, path: path)
            )
            throw InvalidPolicy(problems: [problem])
        }
        try self.init(text: text, path: path)
    }

    /// Reads the text of a file.
    ///
    /// - Parameter path: The name of the file in errors. The reasons of decisions name its last part.
    package init(text: String, path: String) throws(InvalidPolicy) {
        var reader = PolicyReader(path: path)
        let digest = Digest.hex(Digest.sha256(text.utf8))
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch {
            throw InvalidPolicy(problems: [reader.problem(with: error, in: text)])
        }
        var policy = reader.policy(root)
        policy.digest = digest
        guard reader.errors.isEmpty else { throw InvalidPolicy(problems: reader.errors.inOrder) }
        self.policy = policy
        warnings = reader.warnings
        expiries = reader.expiries
    }

    /// The error of a file that cannot be read.
    private static func message(for error: any Error, path: String) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
            return isLink ? "is a symbolic link to a file that does not exist" : "does not exist; check the path"
        }
        if isFolder.boolValue { return "is a folder; give the file in it" }
        return FileManager.default.isReadableFile(atPath: path)
            ? "is not UTF-8 text" : "may not be read; check its permissions"
    }

    /// The settings that are probably a mistake at the time `now`, in the order of the file.
    package func warnings(at now: Date) -> [PolicyProblem] {
        (warnings + expiries.filter { $0.until <= now }.map(\.problem)).inOrder
    }
}

extension [PolicyProblem] {
    fileprivate var inOrder: Self {
        sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }
}

extension PolicyReader {
    /// The error of a text that is no YAML, or that is ambiguous YAML.
    fileprivate func problem(with error: any Error, in text: String) -> PolicyProblem {
        func problem(_ mark: Mark?, _ message: String) -> PolicyProblem {
            self.problem(at: mark, .error, message)
        }
        switch error as? YamlError {
        case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
            let line =
                text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first ?? ""
            let hint = line.contains("::") ? "; put addresses like \"::/0\" in quotes" : ""
            return problem(mark, "not YAML: \(what)\(hint)")
        case .duplicatedKeysInMapping(let keys, let context):
            return problem(context.mark, "\(quoted(keys.first ?? "a key")) is set twice; keep one")
        case .reader(_, let offset?, _, _):
            let lines = text.prefix(offset).split(separator: "\n", omittingEmptySubsequences: false)
            let message = "not YAML: a character that YAML does not admit"
            return self.problem(line: lines.count, column: (lines.last?.count ?? 0) + 1, .error, message)
        default:
            return problem(nil, "not YAML")
        }
    }
}
