/// The bytes of an XML document and where its elements are in them.
///
/// It reads what AWS writes: elements, attributes, text, comments, CDATA, the five entities and characters by number.
/// There is no document type, so nothing grows beyond its own bytes.
final class XMLDocument: Sendable {
    struct Element {
        var name: Range<Int>
        /// Between the tags; empty for `<a/>`.
        var content: Range<Int>
        /// Behind the end tag.
        var end: Int
        /// The index of the element after this one and all in it.
        var next: Int
        /// Whether the content is nothing but text that stands for itself.
        var isPlain: Bool
    }

    let bytes: [UInt8]
    /// In the order of their start tags; the root is first.
    let elements: [Element]

    init(_ bytes: [UInt8], maximumDepth: Int) throws(XMLTree.Failure) {
        var scanner = XMLScanner(bytes, maximumDepth: maximumDepth)
        elements = try scanner.elements()
        self.bytes = bytes
    }

    /// The text of an element without that of its children.
    func text(of index: Int) -> String {
        let element = elements[index]
        if element.isPlain { return String(decoding: bytes[element.content], as: UTF8.self) }
        var text: [UInt8] = []
        var position = element.content.lowerBound
        var child = index + 1
        while child < element.next {
            appendText(from: position, to: start(of: child), to: &text)
            position = elements[child].end
            child = elements[child].next
        }
        appendText(from: position, to: element.content.upperBound, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func start(of index: Int) -> Int {
        elements[index].name.lowerBound - 1
    }

    /// Appends the characters that a run without elements stands for; the scanner has found it well-formed.
    private func appendText(from start: Int, to end: Int, to text: inout [UInt8]) {
        var position = start
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "&"):
                let stop = bytes[position..<end].firstIndex(of: UInt8(ascii: ";")) ?? end
                if let scalar = Self.scalar(of: bytes[(position + 1)..<stop]) { text += String(scalar).utf8 }
                position = stop + 1
            case UInt8(ascii: "<"):
                position = appendSection(at: position, to: &text)
            case UInt8(ascii: "\r"):
                // A line ends in one line feed, whatever it ended in.
                text.append(UInt8(ascii: "\n"))
                position += position + 1 < end && bytes[position + 1] == UInt8(ascii: "\n") ? 2 : 1
            case let byte:
                text.append(byte)
                position += 1
            }
        }
    }

    /// A CDATA section, which is text, or a comment or instruction, which is none; answers with the place behind it.
    private func appendSection(at start: Int, to text: inout [UInt8]) -> Int {
        let begin = Array("<![CDATA[".utf8)
        guard bytes[start...].starts(with: begin) else {
            let isComment = bytes[start...].starts(with: "<!--".utf8)
            return XMLScanner.end(of: isComment ? "-->" : "?>", in: bytes, from: start) ?? bytes.count
        }
        let end = XMLScanner.end(of: "]]>", in: bytes, from: start + begin.count) ?? bytes.count
        text += bytes[(start + begin.count)..<max(end - 3, start + begin.count)]
        return end
    }

    /// The character that an entity's name, or its number, stands for.
    static func scalar(of name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        switch String(decoding: name, as: UTF8.self) {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        case let text where text.hasPrefix("#x"): return number(text.dropFirst(2), radix: 16)
        case let text where text.hasPrefix("#"): return number(text.dropFirst(), radix: 10)
        default: return nil
        }
    }

    private static func number(_ digits: Substring, radix: Int) -> Unicode.Scalar? {
        guard let value = UInt32(digits, radix: radix), value >= 0x20 || [9, 10, 13].contains(value) else { return nil }
        return Unicode.Scalar(value)
    }
}
