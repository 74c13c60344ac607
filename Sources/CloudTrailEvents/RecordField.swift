/// A value and its place in the record, so that an error can name the place.
struct RecordField {
    let value: JSONValue
    let path: String

    subscript(key: String) -> Self {
        Self(value: value[key], path: path.isEmpty ? key : "\(path).\(key)")
    }

    /// Returns the text, which must be there.
    func text() throws(UnreadableField) -> String {
        guard let text = try optionalText() else { throw problem("missing") }
        return text
    }

    /// Returns the text; nil if it is missing, null, or empty.
    func optionalText() throws(UnreadableField) -> String? {
        if let text = value.text { return text }
        guard value == .null || value == .string("") else { throw problem("is not text") }
        return nil
    }

    /// Returns the elements of a list, in any form in which records write one.
    ///
    /// CloudTrail writes `{"items": [...]}`, and `{}` for an empty list. Tools that convert records write an object for
    /// a single element, an array for the whole list, or null for an empty one. Anything else is an error, because
    /// taking it for an empty list would lose a rule.
    func items() throws(UnreadableField) -> [Self] {
        switch value {
        case .null: return []
        case .object(let members) where members.isEmpty: return []
        case .object(let members):
            guard let items = members["items"] else { throw problem("has no items") }
            switch items {
            case .null: return []
            case .array(let elements): return self["items"].numbered(elements)
            case .object: return [self["items"]]
            case .string, .number, .bool: throw self["items"].problem("is not a list")
            }
        case .array(let elements): return numbered(elements)
        case .string, .number, .bool: throw problem("is not a list")
        }
    }

    /// Returns the elements of a list. A single element may stand alone, as `ModifySecurityGroupRules` writes it.
    func elements() throws(UnreadableField) -> [Self] {
        switch value {
        case .string: return [self]
        case .object(let members) where !members.isEmpty && members["items"] == nil: return [self]
        case .object, .array, .number, .bool, .null: return try items()
        }
    }

    /// The member with this capitalized name, or the one in the usual spelling of records.
    func capitalized(_ key: String) -> Self {
        let member = self[key]
        return member.value == .null ? self[key.prefix(1).lowercased() + key.dropFirst()] : member
    }

    private func numbered(_ elements: [JSONValue]) -> [Self] {
        elements.enumerated().map { Self(value: $1, path: "\(path)[\($0)]") }
    }

    /// Makes an error from words that fit after the path.
    func problem(_ words: String) -> UnreadableField {
        UnreadableField(detail: "\(path): \(words)")
    }

    /// The text as an error may quote it: short, in ASCII, on one line.
    var quoted: String {
        let excerpt = (value.text ?? "").unicodeScalars.prefix(40)
        return "\"\(excerpt.map { $0.escaped(asASCII: true) }.joined())\""
    }
}

/// A field that is missing or has another form than expected.
struct UnreadableField: Error, Hashable {
    let detail: String
}
