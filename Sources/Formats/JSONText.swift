/// Writes JSON strings and objects.
package enum JSONText {
    /// The characters of a string that are escaped in addition to those that JSON requires.
    package enum Escaping: Sendable {
        /// None. A value always has the same text, so that a hash can cover it.
        case minimal
        /// The characters that are unsafe to show, so that the JSON can be printed on a terminal.
        case unsafe
        /// Everything outside printable ASCII, so that the JSON can be pasted into any shell.
        case nonASCII
    }

    /// The text as a JSON string, with its quotes.
    package static func quoted(_ text: String, escaping: Escaping = .unsafe) -> String {
        var result = ""
        append(text, to: &result, escaping: escaping)
        return result
    }

    /// An object with these members. The values are JSON; the names are texts.
    package static func object(_ members: some Sequence<(name: String, json: String)>) -> String {
        "{\(members.map { "\(quoted($0.name)):\($0.json)" }.joined(separator: ","))}"
    }

    /// Appends the text as a JSON string, with its quotes.
    package static func append(_ text: String, to result: inout String, escaping: Escaping = .unsafe) {
        result += "\""
        // Most strings are plain ASCII, and their scalars need not be looked at one by one.
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
            result += text
        } else {
            for scalar in text.unicodeScalars { append(scalar, to: &result, escaping: escaping) }
        }
        result += "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String, escaping: Escaping) {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n" where escaping != .minimal: result += "\\n"
        case "\u{00}"..."\u{1F}": appendEscapes(of: scalar, to: &result)
        default:
            let isEscaped =
                switch escaping {
                case .minimal: false
                case .unsafe: scalar.isUnsafeToShow
                case .nonASCII: !(0x20...0x7E).contains(scalar.value)
                }
            if isEscaped {
                appendEscapes(of: scalar, to: &result)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    /// JSON escapes UTF-16 code units, so a scalar beyond U+FFFF takes two escapes.
    private static func appendEscapes(of scalar: Unicode.Scalar, to result: inout String) {
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}
