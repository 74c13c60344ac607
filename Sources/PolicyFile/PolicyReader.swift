import Formats
import Foundation
import SecurityGroups
import Yams

/// Reads the nodes of a policy file, collecting what is wrong instead of stopping at it.
struct PolicyReader {
    let path: String
    private(set) var errors: [PolicyProblem] = []
    private(set) var warnings: [PolicyProblem] = []
    var expiries: [(until: Date, problem: PolicyProblem)] = []

    init(path: String) {
        self.path = path
    }

    /// A scalar and where it stands.
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

    /// Where an entry stands, as the reason of a decision names it: `policy.yaml:12 allow "office https"`.
    func origin(of node: Node, _ kind: String, name: String?) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return "\(file):\(node.mark?.line ?? 1) \(kind)" + (name.map { " \(quoted($0))" } ?? "")
    }

    /// The members of a mapping, each of which must be one of `keys`.
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

    /// The text of a scalar, which must not be empty.
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

    /// The texts of a list of scalars, or of the one scalar that stands in its place.
    mutating func texts(_ node: Node, of what: String) -> [Text] {
        let nodes = if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
        return nodes.compactMap { element in text(element, of: what).map { Text(text: $0, node: element) } }
    }

    /// A list of which every element must be readable.
    ///
    /// - Parameter expected: what a good element is: "a security group id, such as sg-0a1b2c3d4e5f60718".
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

    /// A value out of a few.
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

    /// A value of an enum out of the node of a scalar.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ node: Node,
        of what: String,
        among type: Value.Type
    ) -> Value? where Value.RawValue == String {
        choice(node, of: what, among: Value.allCases.map(\.rawValue)).flatMap { Value(rawValue: $0) }
    }

    /// One of a few words out of the node of a scalar.
    mutating func choice(_ node: Node, of what: String, among known: [String]) -> String? {
        text(node, of: what).flatMap { text in
            choice(Text(text: text, node: node), of: what, among: known) { known.contains($0) ? $0 : nil }
        }
    }

    /// The words that ask for the nearest of a few names; empty where none is near.
    func hintOfNearest(_ name: String, _ known: [String]) -> String {
        nearest(to: name, among: known).map { "; did you mean \(quoted($0))?" } ?? ""
    }

    private func hint(_ name: String, _ known: [String]) -> String {
        nearest(to: name, among: known).map { "did you mean \(quoted($0))?" }
            ?? "known are \(known.joined(separator: ", "))"
    }

    /// The text on one line, without characters that do something to a terminal, and not too long.
    func quoted(_ text: String) -> String {
        let excerpt = text.unicodeScalars.prefix(100).map { scalar in
            scalar.isUnsafeToShow ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return "\"\(excerpt.joined())\(text.unicodeScalars.count > 100 ? "…" : "")\""
    }
}
