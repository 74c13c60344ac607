import Formats
import Foundation
import SecurityGroups
import Yams

/// Reads the nodes of a policy file. It collects errors and goes on.
struct PolicyReader {
    let path: String
    private(set) var errors: [PolicyProblem] = []
    private(set) var warnings: [PolicyProblem] = []
    var expiries: [(until: Date, problem: PolicyProblem)] = []

    init(path: String) {
        self.path = path
    }

    /// A scalar and its place.
    struct Text {
        let text: String
        let node: Node
    }

    func problem(at mark: Mark?, _ severity: PolicyProblem.Severity, _ message: String) -> PolicyProblem {
        problem(line: mark?.line ?? 1, column: mark?.column ?? 1, severity, message)
    }

    func problem(line: Int, column: Int, _ severity: PolicyProblem.Severity, _ message: String) -> PolicyProblem {
        PolicyProblem(path: path, line: line, column: column, severity: severity, message: message)
    }

    mutating func fail(_ node: Node?, _ message: String) {
        errors.append(problem(at: node?.mark, .error, message))
    }

    mutating func warn(_ node: Node?, _ message: String) {
        warnings.append(problem(at: node?.mark, .warning, message))
    }

    /// The place of an entry, as the reason of a decision names it: `policy.yaml:12 allow "office https"`.
    func origin(of node: Node, _ kind: String, name: String?) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return "\(file):\(node.mark?.line ?? 1) \(kind)" + (name.map { " \(quoted($0))" } ?? "")
    }

    /// The members of a mapping. Each must be one of `keys`.
    mutating func members(_ node: Node, of what: String, keys: [String]) -> [String: Node]? {
        guard case .mapping(let mapping) = node else {
            fail(node, "\(what) must be a mapping with some of the keys \(keys.joined(separator: ", "))")
            return nil
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            if keys.contains(name) {
                members[name] = value
            } else {
                fail(key, "unknown key \(quoted(name)) in \(what); \(hint(name, keys))")
            }
        }
        return members
    }

    /// The elements of a list.
    mutating func elements(_ node: Node, of what: String) -> [Node] {
        guard case .sequence(let sequence) = node else {
            fail(node, "\(what) must be a list")
            return []
        }
        return Array(sequence)
    }

    /// The text of a scalar. It must not be empty.
    mutating func text(_ node: Node, of what: String) -> String? {
        guard case .scalar(let scalar) = node else {
            fail(node, "\(what) must be a plain value")
            return nil
        }
        guard !scalar.string.isEmpty, node.null == nil else {
            fail(node, "\(what) is empty; give it a value or leave it out")
            return nil
        }
        return scalar.string
    }

    /// The texts of a list of scalars. A single scalar counts as a list of one.
    mutating func texts(_ node: Node, of what: String) -> [Text] {
        let nodes = if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
        return nodes.compactMap { element in text(element, of: what).map { Text(text: $0, node: element) } }
    }

    /// Reads a list. Every element must be valid.
    ///
    /// - Parameter expected: A description of valid elements: "a security group id, such as sg-0a1b2c3d4e5f60718".
    mutating func values<Value>(_ node: Node?, of what: String, expected: String, read: (String) -> Value?) -> [Value]?
    {
        guard let node else { return nil }
        var values: [Value] = []
        for item in texts(node, of: what) {
            if let value = read(item.text) {
                values.append(value)
            } else {
                fail(item.node, "\(quoted(item.text)) is not \(expected)")
            }
        }
        return values
    }

    /// Reads one of a few values.
    mutating func choice<Value>(
        _ item: Text,
        of what: String,
        among known: [String],
        read: (String) -> Value?
    ) -> Value? {
        if let value = read(item.text) { return value }
        fail(item.node, "unknown \(what) \(quoted(item.text)); \(hint(item.text, known))")
        return nil
    }

    /// Reads a value of an enum from a scalar.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ node: Node,
        of what: String,
        among type: Value.Type
    ) -> Value? where Value.RawValue == String {
        choice(node, of: what, among: Value.allCases.map(\.rawValue)).flatMap { Value(rawValue: $0) }
    }

    /// Reads one of a few words from a scalar.
    mutating func choice(_ node: Node, of what: String, among known: [String]) -> String? {
        text(node, of: what).flatMap { text in
            choice(Text(text: text, node: node), of: what, among: known) { known.contains($0) ? $0 : nil }
        }
    }

    /// The words "did you mean …?"; empty if no known name is near.
    func hintOfNearest(_ name: String, _ known: [String]) -> String {
        nearest(to: name, among: known).map { "; did you mean \(quoted($0))?" } ?? ""
    }

    private func hint(_ name: String, _ known: [String]) -> String {
        nearest(to: name, among: known).map { "did you mean \(quoted($0))?" }
            ?? "known are \(known.joined(separator: ", "))"
    }
}

/// The text on one line, shortened, and without characters that act on a terminal.
func quoted(_ text: String) -> String {
    let excerpt = text.unicodeScalars.prefix(100).map { scalar in
        scalar.isUnsafeToShow ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return "\"\(excerpt.joined())\(text.unicodeScalars.count > 100 ? "…" : "")\""
}
