/// Writes JSON strings and objects.
package enum JSONText {
    /// The characters of a string that are escaped in addition to those that JSON requires.
    package enum Escaping: Sendable {
        /// None, as in canonical JSON (RFC 8785).
        case minimal
        /// The characters that are unsafe to show, so that the JSON can be printed on a terminal.
        case unsafe
        /// Everything outside printable ASCII, so that the JSON can be pasted into any shell.
        case nonASCII
    }

    /// The text as a JSON string, with its quotes.
    package static func quoted(_ text: String, escaping: Escaping = .unsafe) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes, escaping: escaping)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An object with these members. The values are JSON; the names are texts.
    package static func object(_ members: some Sequence<(name: String, json: String)>) -> String {
        "{\(members.map { "\(quoted($0.name)):\($0.json)" }.joined(separator: ","))}"
    }

    /// Appends the text as a JSON string, with its quotes, in UTF-8.
    package static func append(_ text: String, to bytes: inout [UInt8], escaping: Escaping = .unsafe) {
        bytes.append(UInt8(ascii: "\""))
        // Most strings are plain ASCII, and their scalars need not be looked at one by one.
        let isPlain: Bool? = text.utf8.withContiguousStorageIfAvailable { text in
            guard text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) else { return false }
            bytes += text
            return true
        }
        if isPlain != true {
            for scalar in text.unicodeScalars { append(scalar, to: &bytes, escaping: escaping) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8], escaping: Escaping) {
        switch scalar {
        case "\"", "\\":
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(scalar.value))
        case "\u{08}": bytes += "\\b".utf8
        case "\t": bytes += "\\t".utf8
        case "\n": bytes += "\\n".utf8
        case "\u{0C}": bytes += "\\f".utf8
        case "\r": bytes += "\\r".utf8
        case "\u{00}"..."\u{1F}": appendEscapes(of: scalar, to: &bytes)
        default:
            let isEscaped =
                switch escaping {
                case .minimal: false
                case .unsafe: scalar.isUnsafeToShow
                case .nonASCII: !(0x20...0x7E).contains(scalar.value)
                }
            if isEscaped {
                appendEscapes(of: scalar, to: &bytes)
            } else {
                bytes += scalar.utf8
            }
        }
    }

    /// JSON escapes UTF-16 code units, so a scalar beyond U+FFFF takes two escapes.
    private static func appendEscapes(of scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        for unit in scalar.utf16 {
            let digits = String(unit, radix: 16)
            bytes += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
        }
    }
}
