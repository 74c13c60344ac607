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

/// The members of a JSON object, in the order of the text.
///
/// A record has few members, so looking through all of them is faster than a hash table. Names are compared by their
/// bytes, because a `String` takes "K" and the Kelvin sign as equal.
struct JSONMembers: Hashable, Sendable {
    private(set) var all: [Member] = []

    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }

    var isEmpty: Bool { all.isEmpty }

    mutating func append(_ name: String, _ value: JSONValue) {
        all.append(Member(name: name, value: value))
    }

    /// The value of this name. If a name occurs more than once, the last value is used.
    subscript(name: String) -> JSONValue? {
        all.last { $0.name == name }?.value
    }

    /// The members in the order of their names' bytes, each name once.
    var sorted: [Member] {
        let order = all.indices.sorted { first, second in
            let (one, other) = (all[first].name.utf8, all[second].name.utf8)
            if one.lexicographicallyPrecedes(other) { return true }
            return first < second && one.elementsEqual(other)
        }
        var sorted: [Member] = []
        sorted.reserveCapacity(order.count)
        for index in order {
            if let last = sorted.last, last.name.utf8.elementsEqual(all[index].name.utf8) { sorted.removeLast() }
            sorted.append(all[index])
        }
        return sorted
    }
}

extension JSONMembers: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { append(name, value) }
    }
}
