/// The bytes of a JSON document and the places of its values in them.
final class JSONDocument: Sendable {
    let bytes: [UInt8]
    /// The values in the order in which they begin. The first one is the document's own value.
    let values: [JSONSpan]

    init(_ bytes: [UInt8]) throws(JSONFailure) {
        var scanner = JSONScanner(bytes)
        values = try scanner.values()
        self.bytes = bytes
    }

    func isName(_ value: JSONSpan, _ name: String) -> Bool {
        value.isNamePlain ? bytes[value.name].elementsEqual(name.utf8) : self.name(of: value) == name
    }

    func name(of value: JSONSpan) -> String {
        text(value.name, isPlain: value.isNamePlain)
    }

    /// Decodes the bytes between two quotes. A lone surrogate becomes U+FFFD.
    func text(_ range: Range<Int>, isPlain: Bool) -> String {
        if isPlain { return String(decoding: bytes[range], as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\\") { appendEscape(at: &position, to: &text) } else { text.append(byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the character of an escape. The scanner has checked that the escape is complete.
    private func appendEscape(at position: inout Int, to text: inout [UInt8]) {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += String(scalar(at: &position)).utf8
        default: text.append(byte)
        }
    }

    private func scalar(at position: inout Int) -> Unicode.Scalar {
        let first = unit(at: position)
        position += 4
        guard UTF16.isLeadSurrogate(first), position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let second = unit(at: position + 2)
        guard UTF16.isTrailSurrogate(second) else { return "\u{FFFD}" }
        position += 6
        return Unicode.Scalar(0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))) ?? "\u{FFFD}"
    }

    private func unit(at position: Int) -> UInt16 {
        bytes[position..<(position + 4)].reduce(0) { $0 << 4 | UInt16($1.hexDigitValue ?? 0) }
    }
}
