import Foundation
import FoundationXML

/// An element of an XML answer with its text and children. Attributes and namespaces mean nothing in AWS's answers.
struct XMLTree: Equatable, Sendable {
    let name: String
    var text = ""
    var children: [XMLTree] = []

    /// Why a document is not taken.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case malformed, hasDoctype
        case tooLarge(limit: Int)
        case tooDeep(limit: Int)

        var description: String {
            switch self {
            case .malformed: "the XML is cut off or malformed"
            case .hasDoctype: "the XML has a document type, as only web pages do"
            case .tooLarge(let limit): "the XML is larger than \(limit) bytes"
            case .tooDeep(let limit): "the XML is nested deeper than \(limit) elements"
            }
        }
    }

    /// Reads a document. Whatever declares entities is refused before the parser sees it.
    static func parse(
        _ bytes: [UInt8],
        maximumSize: Int = 16 * 1024 * 1024,
        maximumDepth: Int = 32
    ) throws(Failure) -> XMLTree {
        guard bytes.count <= maximumSize else { throw .tooLarge(limit: maximumSize) }
        let data = Data(bytes)
        guard data.range(of: Data("<!DOCTYPE".utf8)) == nil, data.range(of: Data("<!doctype".utf8)) == nil else {
            throw .hasDoctype
        }
        let builder = XMLTreeBuilder(maximumDepth: maximumDepth)
        let parser = XMLParser(data: data)
        parser.shouldResolveExternalEntities = false
        parser.delegate = builder
        let isComplete = parser.parse()
        guard !builder.isTooDeep else { throw .tooDeep(limit: maximumDepth) }
        guard isComplete, parser.parserError == nil, let root = builder.root else { throw .malformed }
        return root
    }

    /// The first child called `name`.
    subscript(name: String) -> XMLTree? {
        children.first { $0.name == name }
    }

    /// The text of the first child called `name`, without the white space around it.
    func text(_ name: String) -> String? {
        self[name]?.text.trimmingWhitespace()
    }

    /// The children of the list `name`, which every protocol wraps in elements of one name: `item` or `member`.
    func list(_ name: String) -> [XMLTree] {
        self[name]?.children ?? []
    }
}

private final class XMLTreeBuilder: NSObject, XMLParserDelegate {
    private let maximumDepth: Int
    private var open: [XMLTree] = []
    private(set) var root: XMLTree?
    private(set) var isTooDeep = false

    init(maximumDepth: Int) {
        self.maximumDepth = maximumDepth
    }

    func parser(
        _ parser: XMLParser,
        didStartElement name: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        guard open.count < maximumDepth else {
            isTooDeep = true
            return parser.abortParsing()
        }
        open.append(XMLTree(name: name))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if !open.isEmpty { open[open.count - 1].text += text }
    }

    func parser(_ parser: XMLParser, foundCDATA data: Data) {
        self.parser(parser, foundCharacters: String(decoding: data, as: UTF8.self))
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
}
