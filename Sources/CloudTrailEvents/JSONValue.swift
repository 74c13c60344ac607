/// A JSON value of a record.
///
/// Numbers stay text, so that a huge or fractional one costs nothing until it is used.
enum JSONValue: Hashable, Sendable {
    case object(JSONMembers)
    case array([JSONValue])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// The member of this name, or null. In records, a missing member, null, and a member of a value that is no object
    /// mean the same.
    subscript(key: String) -> JSONValue {
        guard case .object(let members) = self else { return .null }
        return members[key] ?? .null
    }

    /// The string; nil if it is empty or no string.
    var string: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }

    /// The string, or a number as written. Tools that pass records on turn either into the other.
    var text: String? {
        guard case .number(let text) = self else { return string }
        return text
    }

    /// The whole number, also from a string.
    var integer: Int? {
        // Ports are short, so a number with a thousand digits is not converted.
        guard let text, text.utf8.count <= 20 else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    /// The truth value, also from a string.
    var boolean: Bool? {
        switch self {
        case .bool(let value): value
        case .string(let text): Bool(text.lowercased())
        case .object, .array, .number, .null: nil
        }
    }
}
