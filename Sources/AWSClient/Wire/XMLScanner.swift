/// The reason why an XML document is refused.
enum XMLFailure: Error, Equatable, CustomStringConvertible {
    case malformed, hasDoctype
    case tooLarge(limit: Int)
    case tooDeep(limit: Int)
    case tooManyElements(limit: Int)

    var description: String {
        switch self {
        case .malformed: "the XML is cut off or malformed"
        case .hasDoctype: "the XML has a document type, as only web pages do"
        case .tooLarge(let limit): "the XML is larger than \(limit) bytes"
        case .tooDeep(let limit): "the XML is nested deeper than \(limit) elements"
        case .tooManyElements(let limit): "the XML has more than \(limit) elements"
        }
    }
}

/// The place of an element in the bytes of its document.
struct XMLSpan {
    var name: Range<Int>
    /// The bytes between the tags; empty for `<a/>`.
    var content: Range<Int>
    /// The place after the end tag.
    var end: Int
    /// The index of the element after this one and everything in it.
    var next: Int
    /// True if the content is only text without entities.
    var isPlain: Bool
}

/// Finds the elements of a document in one pass over its bytes.
struct XMLScanner {
    /// A page of 1,000 rules has about 20,000 elements.
    static let maximumElements = 400_000

    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0
    private var found: [XMLSpan] = []
    /// The indexes of the elements that are still open.
    private var open: [Int] = []

    init(_ bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// Returns every element, or the reason why the document is refused.
    mutating func elements() throws(XMLFailure) -> [XMLSpan] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        found.reserveCapacity(min(bytes.count / 32, Self.maximumElements))
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<") { try markup() } else { try text() }
        }
        guard open.isEmpty, !found.isEmpty else { throw .malformed }
        return found
    }

    // MARK: Text

    private mutating func text() throws(XMLFailure) {
        var isPlain = true
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            let byte = bytes[position]
            // Outside the root there is only white space.
            guard !open.isEmpty || Self.isSpace(byte) else { throw .malformed }
            switch byte {
            case UInt8(ascii: "&"):
                isPlain = false
                // No entity is longer than `&#1114111;`.
                let end = min(position + 12, bytes.count)
                guard let stop = bytes[position..<end].firstIndex(of: UInt8(ascii: ";")),
                    XMLEntity.scalar(of: bytes[(position + 1)..<stop]) != nil
                else { throw .malformed }
                position = stop
            case UInt8(ascii: "\r"): isPlain = false
            case 0..<0x20 where !Self.isSpace(byte): throw .malformed
            default: break
            }
            position += 1
        }
        if !isPlain { spoil() }
    }

    /// Notes that the innermost element contains more than plain text.
    private mutating func spoil() {
        if let index = open.last { found[index].isPlain = false }
    }

    // MARK: Markup

    private mutating func markup() throws(XMLFailure) {
        guard position + 1 < bytes.count else { throw .malformed }
        switch bytes[position + 1] {
        case UInt8(ascii: "/"): try endTag()
        case UInt8(ascii: "?"): try skip(to: "?>")
        case UInt8(ascii: "!"): try declaration()
        default: try startTag()
        }
    }

    private mutating func declaration() throws(XMLFailure) {
        let rest = bytes[position...]
        if rest.starts(with: "<!--".utf8) { return try skip(to: "-->") }
        if rest.starts(with: "<![CDATA[".utf8), !open.isEmpty { return try skip(to: "]]>") }
        let isDoctype = rest.dropFirst(2).prefix(7).map { $0 & 0xDF }.elementsEqual("DOCTYPE".utf8)
        throw isDoctype ? .hasDoctype : .malformed
    }

    private mutating func skip(to end: String) throws(XMLFailure) {
        // The search begins after the opening, so that `<!-->` does not end itself.
        let begin = end == "-->" ? position + 4 : position + 2
        guard let next = Self.end(of: end, in: bytes, from: begin) else { throw .malformed }
        spoil()
        position = next
    }

    private mutating func startTag() throws(XMLFailure) {
        spoil()
        guard !open.isEmpty || found.isEmpty else { throw .malformed }
        guard open.count < maximumDepth else { throw .tooDeep(limit: maximumDepth) }
        guard found.count < Self.maximumElements else { throw .tooManyElements(limit: Self.maximumElements) }
        position += 1
        let name = try takeName()
        try attributes()
        let isEmpty = bytes[position] == UInt8(ascii: "/")
        position += isEmpty ? 2 : 1
        guard position <= bytes.count, bytes[position - 1] == UInt8(ascii: ">") else { throw .malformed }
        let element = XMLSpan(
            name: name,
            content: position..<position,
            end: position,
            next: found.count + 1,
            isPlain: true
        )
        if !isEmpty { open.append(found.count) }
        found.append(element)
    }

    /// Skips attributes, up to the `/` or `>` after them.
    private mutating func attributes() throws(XMLFailure) {
        while true {
            while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
            guard position < bytes.count else { throw .malformed }
            if bytes[position] == UInt8(ascii: "/") || bytes[position] == UInt8(ascii: ">") { return }
            _ = try takeName()
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "=") else { throw .malformed }
            let quote = bytes[position + 1]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let end = bytes[(position + 2)...].firstIndex(of: quote)
            else { throw .malformed }
            position = end + 1
        }
    }

    private mutating func endTag() throws(XMLFailure) {
        let start = position
        position += 2
        let name = try takeName()
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: ">"), let index = open.popLast(),
            bytes[found[index].name] == bytes[name]
        else { throw .malformed }
        position += 1
        found[index].content = found[index].content.lowerBound..<start
        found[index].end = position
        found[index].next = found.count
    }

    private mutating func takeName() throws(XMLFailure) -> Range<Int> {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        guard position > start else { throw .malformed }
        return start..<position
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x80...0xFF: true
        case UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The place after the first `text`, searched from `start`.
    static func end(of text: String, in bytes: [UInt8], from start: Int) -> Int? {
        let (pattern, first) = (Array(text.utf8), text.utf8.first)
        var position = start
        while position + pattern.count <= bytes.count {
            if bytes[position] == first, bytes[position..<(position + pattern.count)].elementsEqual(pattern) {
                return position + pattern.count
            }
            position += 1
        }
        return nil
    }
}
