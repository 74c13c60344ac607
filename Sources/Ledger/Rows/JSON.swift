import Formats

/// A JSON value that was read. `JSONWriter` writes JSON.
enum JSON: Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The value as JSON text, for people.
    var text: String {
        var json = JSONWriter(capacity: 64)
        write(to: &json)
        return json.text
    }

    private func write(to json: inout JSONWriter) {
        switch self {
        case .array(let values): json.array { for value in values { value.write(to: &$0) } }
        case .object(let members):
            json.object {
                for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                    $0.name(name)
                    value.write(to: &$0)
                }
            }
        default: json.value(AuditValue(self))
        }
    }

    /// The text; nil for any other value.
    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number; nil for any other value.
    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The truth value; nil for any other value.
    var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The elements; none if it is no array.
    var elements: [JSON] {
        if case .array(let values) = self { values } else { [] }
    }

    /// The members; none if it is no object.
    var members: [String: JSON] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// The member with this key; nil if there is none.
    subscript(_ key: String) -> JSON? {
        members[key]
    }
}

extension JSON {
    /// The cell of a view, as JSON.
    init(_ value: AuditValue) {
        switch value {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .text(let value): self = .string(value)
        case .boolean(let value): self = .boolean(value)
        }
    }
}

extension AuditValue {
    /// Makes a cell from a member of a trail entry. A list becomes its texts, divided by spaces.
    init(_ json: JSON?) {
        switch json {
        case .integer(let value): self = .integer(value)
        case .boolean(let value): self = .boolean(value)
        case .string(let value): self = .text(value)
        case .array(let values): self = .text(values.compactMap(\.string).joined(separator: " "))
        case .object, .null, nil: self = .null
        }
    }
}
