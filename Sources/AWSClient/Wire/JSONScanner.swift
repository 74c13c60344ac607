/// The reason why a JSON document is refused.
package enum JSONFailure: Error, Equatable {
    case malformed(offset: Int)
    case tooDeep(limit: Int)
}

/// The place of a value in the bytes of its document.
struct JSONSpan {
    enum Kind: UInt8 {
        case object, array, string, number, isTrue, isFalse, null
    }

    let kind: Kind
    /// For a string, the bytes between the quotes; for a number, its digits.
    var bytes: Range<Int>
    /// For a member, the bytes between the quotes of its name.
    let name: Range<Int>
    /// The index of the value after this one and everything in it.
    var next: Int
    /// True if neither the string nor the name has escapes.
    let isPlain: Bool
    let isNamePlain: Bool
}

/// Finds the values of a JSON document in one pass over its bytes.
struct JSONScanner {
    /// AWS's responses are at most ten levels deep.
    static let maximumDepth = 32

    private let bytes: [UInt8]
    private var position = 0
    private var found: [JSONSpan] = []
    private var name = 0..<0
    private var isNamePlain = true

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func values() throws(JSONFailure) -> [JSONSpan] {
        try value(depth: 0)
        guard next() == nil else { throw malformed }
        return found
    }

    private var malformed: JSONFailure { .malformed(offset: position) }

    /// The byte at this place, after white space.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONFailure) {
        guard depth < Self.maximumDepth else { throw .tooDeep(limit: Self.maximumDepth) }
        switch next() {
        case UInt8(ascii: "{"): try container(.object, end: UInt8(ascii: "}"), depth: depth)
        case UInt8(ascii: "["): try container(.array, end: UInt8(ascii: "]"), depth: depth)
        case UInt8(ascii: "\""):
            let (range, isPlain) = try string()
            add(.string, range, isPlain: isPlain)
        case UInt8(ascii: "t"): try literal("true", .isTrue)
        case UInt8(ascii: "f"): try literal("false", .isFalse)
        case UInt8(ascii: "n"): try literal("null", .null)
        default: add(.number, try number())
        }
    }

    private mutating func add(_ kind: JSONSpan.Kind, _ range: Range<Int>, isPlain: Bool = true) {
        found.append(
            JSONSpan(
                kind: kind,
                bytes: range,
                name: name,
                next: found.count + 1,
                isPlain: isPlain,
                isNamePlain: isNamePlain
            )
        )
        (name, isNamePlain) = (0..<0, true)
    }

    private mutating func container(_ kind: JSONSpan.Kind, end: UInt8, depth: Int) throws(JSONFailure) {
        let index = found.count
        position += 1
        add(kind, position..<position)
        if !skip(end) {
            repeat {
                if kind == .object {
                    guard next() == UInt8(ascii: "\"") else { throw malformed }
                    let member = try string()
                    guard skip(UInt8(ascii: ":")) else { throw malformed }
                    (name, isNamePlain) = member
                }
                try value(depth: depth + 1)
            } while skip(UInt8(ascii: ","))
            guard skip(end) else { throw malformed }
        }
        found[index].next = found.count
    }

    private mutating func literal(_ word: String, _ kind: JSONSpan.Kind) throws(JSONFailure) {
        let end = position + word.utf8.count
        guard end <= bytes.count, bytes[position..<end].elementsEqual(word.utf8) else { throw malformed }
        add(kind, position..<end)
        position = end
    }

    private mutating func number() throws(JSONFailure) -> Range<Int> {
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
        return start..<position
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func digits() throws(JSONFailure) {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw malformed }
    }

    /// The bytes between the quotes, and whether they have no escapes.
    private mutating func string() throws(JSONFailure) -> (Range<Int>, Bool) {
        position += 1
        let start = position
        var isPlain = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<(position - 1), isPlain)
            case UInt8(ascii: "\\"):
                isPlain = false
                try escape()
            case 0..<0x20: throw malformed
            default: position += 1
            }
        }
        throw malformed
    }

    private mutating func escape() throws(JSONFailure) {
        guard position + 1 < bytes.count else { throw malformed }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count,
                bytes[(position + 2)..<(position + 6)].allSatisfy({ $0.hexDigitValue != nil })
            else { throw malformed }
            position += 6
        default: throw malformed
        }
    }
}
