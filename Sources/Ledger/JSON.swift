import Foundation

/// JSON with one text for one value: keys sorted, no spaces, nothing escaped that need not be, so that a hash can
/// rest on it.
enum JSON: Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The value as JSON text.
    var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                Self.write(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
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

    /// An optional text.
    init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }
}

extension JSON: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// The members of the object that `text` holds.
    ///
    /// - Throws: `DecodingError` for any other text.
    static func object(_ text: String) throws -> [String: JSON] {
        try JSONDecoder().decode([String: JSON].self, from: Data(text.utf8))
    }

    /// The text, if it is one.
    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number, if it is one.
    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The truth, if it is one.
    var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The elements, none where it is no array.
    var elements: [JSON] {
        if case .array(let values) = self { values } else { [] }
    }

    /// A member, where it is an object that has it.
    subscript(_ key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }
}
