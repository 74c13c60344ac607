/// A JSON value as a record brings it, before anybody says what it should be.
///
/// Numbers stay text, so that one that is huge or fractional costs nothing until somebody asks for it.
enum JSONValue: Hashable, Sendable {
    case object(JSONMembers)
    case array([JSONValue])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// The member of this name, or null: in records a missing member, null, and a member of what is no object mean the
    /// same.
    subscript(key: String) -> JSONValue {
        guard case .object(let members) = self else { return .null }
        return members[key] ?? .null
    }

    /// A string that is not empty.
    var string: String? {
        guard case .string(let text) = self, !text.isEmpty else { return nil }
        return text
    }

    /// A string that is not empty, or a number as it is written: tools that pass records on turn either into the other.
    var text: String? {
        guard case .number(let text) = self else { return string }
        return text
    }

    /// A whole number, also as a string.
    var integer: Int? {
        // Ports are short; a number of a thousand digits is not worth the conversion.
        guard let text, text.utf8.count <= 20 else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    /// A truth value, also as a string.
    var boolean: Bool? {
        switch self {
        case .bool(let value): value
        case .string(let text): Bool(text.lowercased())
        case .object, .array, .number, .null: nil
        }
    }
}
