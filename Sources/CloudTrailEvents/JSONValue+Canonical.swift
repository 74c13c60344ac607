import Formats

extension JSONValue {
    /// The value in canonical form, in UTF-8: members sorted by the bytes of their names, no white space, numbers as
    /// written, and in strings only those escapes that JSON requires.
    var canonicalBytes: [UInt8] {
        var json = JSONWriter(escaping: .minimal, capacity: 4096)
        write(to: &json)
        return json.bytes
    }

    private func write(to json: inout JSONWriter) {
        switch self {
        case .object(let members):
            json.object { json in
                for member in members.sorted {
                    json.name(member.name)
                    member.value.write(to: &json)
                }
            }
        case .array(let elements):
            json.array { json in
                for element in elements { element.write(to: &json) }
            }
        case .string(let text): json.string(text)
        case .number(let text): json.json(text.utf8)
        case .bool(let value): json.boolean(value)
        case .null: json.null()
        }
    }
}
