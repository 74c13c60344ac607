/// Something wrong in a policy file, and where.
package struct PolicyProblem: Hashable, Sendable, CustomStringConvertible {
    /// How bad it is.
    package enum Severity: String, Hashable, Sendable {
        /// The policy cannot be used.
        case error
        /// The policy can be used, but probably says something else than was meant.
        case warning
    }

    /// The file's path, as it was given.
    package let path: String
    /// The line, from 1.
    package let line: Int
    /// The column, from 1.
    package let column: Int
    /// How bad it is.
    package let severity: Severity
    /// What is wrong and what to do, in one line.
    package let message: String

    /// Where and what: `policy.yaml:3:5: unknown key "alow"; did you mean "allow"?`
    package var description: String {
        "\(path):\(line):\(column): \(severity == .warning ? "warning: " : "")\(message)"
    }
}

/// A policy that cannot be used. All that is wrong is told at once.
package struct InvalidPolicy: Error, Hashable, CustomStringConvertible {
    /// The errors, in the order of the file, at least one.
    package let problems: [PolicyProblem]

    /// One line for each error.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
