extension DecodedMessage {
    /// Reads all messages of a file: one, an array of them, or one on each line.
    ///
    /// Each may be whatever a queue's message may be, also as text; a log file of CloudTrail (`Records`) and what the
    /// AWS CLI prints of received messages (`Messages`, `Body`) are unpacked. A line that cannot be read is
    /// `unreadable`, and so in its place.
    package static func all(in text: String) -> [Self] {
        if let value = try? JSONParser.parse(text) { return messages(in: value, depth: 0) }
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        // A file of one broken value spread over many lines is one broken message, not many.
        let values = lines.map { try? JSONParser.parse(String($0)) }
        guard values.contains(where: { $0?.isMessage ?? false }) else { return [Self(body: text)] }
        return zip(lines, values).flatMap { line, value in
            value.map { messages(in: $0, depth: 0) } ?? [Self(body: String(line))]
        }
    }

    /// What the value is, or holds. No file nests its messages deeper than an array of receive answers.
    private static func messages(in value: JSONValue, depth: Int) -> [Self] {
        if depth < 4 {
            if case .array(let elements) = value {
                return elements.flatMap { messages(in: $0, depth: depth + 1) }
            }
            for key in ["Records", "Messages"] {
                if case .array(let elements) = value[key] {
                    return elements.flatMap { messages(in: $0, depth: depth + 1) }
                }
            }
            if case .string(let body) = value { return [Self(body: body)] }
            if case .string(let body) = value["Body"] { return [Self(body: body)] }
            if case .string(let body) = value["body"] { return [Self(body: body)] }
        }
        return [Self { () throws(UnreadableMessage) in try MessageEnvelope(value) }]
    }
}

extension JSONValue {
    /// Whether a line with this value is a message rather than a piece of a broken text.
    fileprivate var isMessage: Bool {
        switch self {
        case .object: true
        case .string(let text): text.hasPrefix("{")
        case .array, .number, .bool, .null: false
        }
    }
}
