/// The text is no JSON, or is nested deeper than any record.
struct JSONSyntaxError: Error, Hashable {
    /// The place of the error, in bytes of UTF-8 from the start.
    let offset: Int
}

/// Reads RFC 8259 in one pass over the bytes.
///
/// Foundation's decoder is not used. It must be asked for one type after the other, and each wrong guess builds an
/// error, so that a hostile megabyte takes thirty times as long. It also refuses a whole record for one lone surrogate
/// in a description.
struct JSONParser {
    /// Records are about ten levels deep. The bound keeps the recursion within any thread's stack.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Reads a value. If a name occurs more than once, the last value is used. A lone surrogate becomes U+FFFD.
    static func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue {
        var parser = Self(text)
        let value = try parser.value(depth: 0)
        guard parser.next() == nil else { throw parser.syntaxError }
        return value
    }

    private var syntaxError: JSONSyntaxError { JSONSyntaxError(offset: position) }

    /// The byte at this place; nil at the end.
    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The byte at this place, after white space.
    private mutating func next() -> UInt8? {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
        return current
    }

    private mutating func skip(_ byte: Character) -> Bool {
        guard next() == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: Character) throws(JSONSyntaxError) {
        guard skip(byte) else { throw syntaxError }
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw syntaxError }
        switch next() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try expect("{")
        var members = JSONMembers()
        guard !skip("}") else { return .object(members) }
        repeat {
            let name = try string()
            try expect(":")
            members.append(name, try value(depth: depth + 1))
        } while skip(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try expect("[")
        var elements: [JSONValue] = []
        guard !skip("]") else { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while skip(",")
        try expect("]")
        return .array(elements)
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let word = word.description.utf8
        guard bytes[position...].starts(with: word) else { throw syntaxError }
        position += word.count
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if current == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw syntaxError }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        try expect("\"")
        // Most strings have no escape. Their bytes are taken as a whole.
        let start = position
        skipPlainBytes()
        if current == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape().utf8
            case 0..<0x20: throw JSONSyntaxError(offset: position - 1)
            default:
                let start = position - 1
                skipPlainBytes()
                text += bytes[start..<position]
            }
        }
        throw syntaxError
    }

    /// Skips the bytes of a string that are no escape.
    private mutating func skipPlainBytes() {
        while position < bytes.count, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\")
        {
            position += 1
        }
    }

    /// Reads the rest of an escape. The backslash was just read.
    private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let byte = current else { throw syntaxError }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codeUnits()
        default: throw JSONSyntaxError(offset: position - 1)
        }
    }

    /// Reads the scalar of one numeric escape, or of two that form a surrogate pair.
    private mutating func codeUnits() throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try codeUnit()
        let start = position
        if UTF16.isLeadSurrogate(first), bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            position += 2
            let second = try codeUnit()
            if UTF16.isTrailSurrogate(second) {
                let offset = UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF)
                return Unicode.Scalar(0x10000 + offset) ?? "\u{FFFD}"
            }
            position = start
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt16 {
        guard bytes.count - position >= 4 else { throw syntaxError }
        var unit: UInt16 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw syntaxError }
            unit = unit << 4 | UInt16(digit)
        }
        position += 4
        return unit
    }
}
