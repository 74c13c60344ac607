/// A value and where in the record it stands, so that whoever cannot use it can say which one it was.
struct RecordField {
    let value: JSONValue
    let path: String

    subscript(key: String) -> Self {
        Self(value: value[key], path: path.isEmpty ? key : "\(path).\(key)")
    }

    /// The text here, which must be there.
    func text() throws(UnreadableField) -> String {
        guard let text = try optionalText() else { throw problem("missing") }
        return text
    }

    /// The text here, or nil where there is none: missing, null, or empty.
    func optionalText() throws(UnreadableField) -> String? {
        if let text = value.text { return text }
        guard value == .null || value == .string("") else { throw problem("is not text") }
        return nil
    }

    /// The elements of a list in any of the ways in which records write one.
    ///
    /// CloudTrail writes `{"items": [...]}`, and `{}` for none; its conversions make an object of the only element, an
    /// array of the whole list, or null of nothing. Anything else is no list, and to take it for an empty one would
    /// drop a rule.
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

    /// The elements of a list in which an only element may stand for itself, as `ModifySecurityGroupRules` writes it.
    func elements() throws(UnreadableField) -> [Self] {
        switch value {
        case .string: return [self]
        case .object(let members) where !members.isEmpty && members["items"] == nil: return [self]
        case .object, .array, .number, .bool, .null: return try items()
        }
    }

    /// The member of this name, which is capitalized, or where there is none the one in the usual spelling of records.
    func capitalized(_ key: String) -> Self {
        let member = self[key]
        return member.value == .null ? self[key.prefix(1).lowercased() + key.dropFirst()] : member
    }

    private func numbered(_ elements: [JSONValue]) -> [Self] {
        elements.enumerated().map { Self(value: $1, path: "\(path)[\($0)]") }
    }

    /// The error that says what is wrong here, in words that fit after the path.
    func problem(_ words: String) -> UnreadableField {
        UnreadableField(detail: "\(path): \(words)")
    }

    /// The text here as an error may quote it: short, and in ASCII without control characters, so on one line.
    var quoted: String {
        let excerpt = (value.text ?? "").unicodeScalars.prefix(40)
        return "\"\(excerpt.map { $0.escaped(asASCII: true) }.joined())\""
    }
}

/// A field that is missing, or not what it should be.
struct UnreadableField: Error, Hashable {
    let detail: String
}
