/// An element of an XML response with its text and children. Attributes and namespaces are ignored, because AWS's
/// responses give them no meaning.
///
/// It is a view of the response's bytes. Names are compared and texts are made only when they are asked for.
struct XMLTree: Sendable {
    typealias Failure = XMLFailure

    private let document: XMLDocument
    private let index: Int

    private init(_ document: XMLDocument, _ index: Int) {
        self.document = document
        self.index = index
    }

    /// Reads a document. A document that declares entities is refused.
    static func parse(
        _ bytes: [UInt8],
        maximumSize: Int = 16 * 1024 * 1024,
        maximumDepth: Int = 32
    ) throws(XMLFailure) -> XMLTree {
        guard bytes.count <= maximumSize else { throw .tooLarge(limit: maximumSize) }
        return XMLTree(try XMLDocument(bytes, maximumDepth: maximumDepth), 0)
    }

    private var element: XMLSpan { document.elements[index] }

    var name: String {
        String(decoding: document.bytes[element.name], as: UTF8.self)
    }

    /// The text between the children, with its white space.
    var text: String {
        document.text(of: index)
    }

    var children: [XMLTree] {
        var children: [XMLTree] = []
        var child = index + 1
        while child < element.next {
            children.append(XMLTree(document, child))
            child = document.elements[child].next
        }
        return children
    }

    /// The first child with this name.
    subscript(name: String) -> XMLTree? {
        let end = element.next
        var child = index + 1
        while child < end {
            let candidate = document.elements[child]
            if document.bytes[candidate.name].elementsEqual(name.utf8) { return XMLTree(document, child) }
            child = candidate.next
        }
        return nil
    }

    /// The text of the first child with this name, without the white space around it.
    func text(_ name: String) -> String? {
        self[name]?.text.trimmingWhitespace()
    }

    /// The children of the list `name`. Every protocol wraps them in elements of one name: `item` or `member`.
    func list(_ name: String) -> [XMLTree] {
        self[name]?.children ?? []
    }
}
