/// Reads JSON whose numbers are integers, as a ledger writes it, down to a fixed depth.
///
/// It refuses what a ledger does not write, for instance a number with a fraction. So it is stricter than the readers of CloudTrail's
/// records and of AWS's responses.
struct JSONReader {
    let bytes: [UInt8]
    private var index = 0
    private var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads the whole text as one value.
    mutating func whole() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        guard index == bytes.count else { throw JSONError() }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        switch peek {
        case 0x7B: return .object(try nested { (reader) throws(JSONError) in try reader.objectMembers() })
        case 0x5B: return .array(try nested { (reader) throws(JSONError) in try reader.arrayElements() })
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .boolean(true))
        case 0x66: return try word("false", .boolean(false))
        case 0x6E: return try word("null", .null)
        default: return .integer(try integer())
        }
    }

    private mutating func nested<T>(_ body: (inout JSONReader) throws(JSONError) -> T) throws(JSONError) -> T {
        guard depth < 32 else { throw JSONError() }
        depth += 1
        defer { depth -= 1 }
        index += 1
        return try body(&self)
    }

    private mutating func objectMembers() throws(JSONError) -> [String: JSON] {
        var members: [String: JSON] = [:]
        if take(0x7D) { return members }
        repeat {
            skipSpace()
            let name = try string()
            guard take(0x3A) else { throw JSONError() }
            members[name] = try value()
        } while take(0x2C)
        guard take(0x7D) else { throw JSONError() }
        return members
    }

    private mutating func arrayElements() throws(JSONError) -> [JSON] {
        var elements: [JSON] = []
        if take(0x5D) { return elements }
        repeat { elements.append(try value()) } while take(0x2C)
        guard take(0x5D) else { throw JSONError() }
        return elements
    }

    private mutating func string() throws(JSONError) -> String {
        guard take(0x22) else { throw JSONError() }
        let start = index
        while let byte = peek, byte != 0x22, byte != 0x5C { index += 1 }
        var text = bytes[start..<index]
        while let byte = peek, byte != 0x22 {
            index += 1
            if byte == 0x5C { text += try escaped().utf8 } else { text.append(byte) }
        }
        guard take(0x22) else { throw JSONError() }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func escaped() throws(JSONError) -> String {
        guard let byte = peek else { throw JSONError() }
        index += 1
        switch byte {
        case 0x22, 0x2F, 0x5C: return String(UnicodeScalar(byte))
        case 0x62: return "\u{8}"
        case 0x66: return "\u{C}"
        case 0x6E: return "\n"
        case 0x72: return "\r"
        case 0x74: return "\t"
        case 0x75:
            var units = [try unit()]
            // A character beyond U+FFFF is written as two escapes.
            if UTF16.isLeadSurrogate(units[0]), bytes[index...].starts(with: [0x5C, 0x75]) {
                index += 2
                units.append(try unit())
            }
            return String(decoding: units, as: UTF16.self)
        default: throw JSONError()
        }
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        guard index + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw JSONError() }
        index += 4
        return unit
    }

    private mutating func integer() throws(JSONError) -> Int64 {
        let start = index
        while let byte = peek, (0x30...0x39).contains(byte) || byte == 0x2D { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        // A number has one form: `Int64` alone would accept leading zeros.
        guard let number = Int64(text), String(number) == text else { throw JSONError() }
        return number
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let matches = word.withUTF8Buffer { unsafe bytes[index...].starts(with: $0) }
        guard matches else { throw JSONError() }
        index += word.utf8CodeUnitCount
        return value
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Skips white space and then `byte`. Returns false if the next byte is another one.
    private mutating func take(_ byte: UInt8) -> Bool {
        if byte != 0x22 { skipSpace() }
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }
}

extension JSON {
    /// Reads an object.
    ///
    /// - Throws: `JSONError` if `text` is no JSON object.
    static func object(_ text: String) throws(JSONError) -> [String: JSON] {
        guard case .object(let members) = try parse(text) else { throw JSONError() }
        return members
    }

    /// Reads a value.
    static func parse(_ text: String) throws(JSONError) -> JSON {
        var reader = JSONReader(bytes: Array(text.utf8))
        return try reader.whole()
    }
}

/// A text is not JSON of the form that a ledger writes.
struct JSONError: Error {}
