/// The bytes of an XML document and the places of its elements in them.
///
/// It reads what AWS writes: elements, attributes, text, comments, CDATA, the five entities and characters by number. A
/// document type is refused, so no entity can grow.
final class XMLDocument: Sendable {
    let bytes: [UInt8]
    /// The elements in the order of their start tags. The root is first.
    let elements: [XMLSpan]

    init(_ bytes: [UInt8], maximumDepth: Int) throws(XMLFailure) {
        var scanner = XMLScanner(bytes, maximumDepth: maximumDepth)
        elements = try scanner.elements()
        self.bytes = bytes
    }

    /// The text of an element without the text of its children.
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

    /// Appends the characters of a run without elements. The scanner has checked it.
    private func appendText(from start: Int, to end: Int, to text: inout [UInt8]) {
        var position = start
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "&"):
                let stop = bytes[position..<end].firstIndex(of: UInt8(ascii: ";")) ?? end
                if let scalar = XMLEntity.scalar(of: bytes[(position + 1)..<stop]) { text += String(scalar).utf8 }
                position = stop + 1
            case UInt8(ascii: "<"):
                position = appendSection(at: position, to: &text)
            case UInt8(ascii: "\r"):
                // Every line end becomes one line feed.
                text.append(UInt8(ascii: "\n"))
                position += position + 1 < end && bytes[position + 1] == UInt8(ascii: "\n") ? 2 : 1
            case let byte:
                text.append(byte)
                position += 1
            }
        }
    }

    /// Skips a comment or an instruction, or appends a CDATA section, which is text. Returns the place after it.
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
}
