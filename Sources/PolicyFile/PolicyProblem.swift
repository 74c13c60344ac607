/// A problem in a policy file, and its place.
package struct PolicyProblem: Hashable, Sendable, CustomStringConvertible {
    /// The severity.
    package enum Severity: String, Hashable, Sendable {
        /// The policy cannot be used.
        case error
        /// The policy can be used, but probably means something else than intended.
        case warning
    }

    /// The file's path, as given.
    package let path: String
    /// The line, from 1.
    package let line: Int
    /// The column, from 1.
    package let column: Int
    /// The severity.
    package let severity: Severity
    /// The problem, and what to do, in one line.
    package let message: String

    /// The place and the problem: `policy.yaml:3:5: unknown key "alow"; did you mean "allow"?`
    package var description: String {
        "\(path):\(line):\(column): \(severity == .warning ? "warning: " : "")\(message)"
    }
}

/// A policy that cannot be used. It holds all errors at once.
package struct InvalidPolicy: Error, Hashable, CustomStringConvertible {
    /// The errors, in the order of the file, at least one.
    package let problems: [PolicyProblem]

    /// One line for each error.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
