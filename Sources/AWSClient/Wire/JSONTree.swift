/// A value of a JSON response: a view of the response's bytes.
///
/// Foundation's decoder builds every value in advance, but most of a response of SQS is one long string.
package struct JSONTree: Sendable {
    package typealias Failure = JSONFailure

    private let document: JSONDocument
    private let index: Int

    private init(_ document: JSONDocument, _ index: Int) {
        self.document = document
        self.index = index
    }

    /// Reads RFC 8259, at most 32 values deep.
    package static func parse(_ bytes: [UInt8]) throws(JSONFailure) -> JSONTree {
        JSONTree(try JSONDocument(bytes), 0)
    }

    private var value: JSONSpan { document.values[index] }

    var isObject: Bool { value.kind == .object }

    /// The member with this name; nil if it is missing, is null, or this is no object.
    package subscript(name: String) -> JSONTree? {
        guard value.kind == .object else { return nil }
        var member = index + 1
        while member < value.next {
            let candidate = document.values[member]
            if document.isName(candidate, name) { return candidate.kind == .null ? nil : JSONTree(document, member) }
            member = candidate.next
        }
        return nil
    }

    /// The elements of an array; nil for any other value.
    var elements: [JSONTree]? {
        value.kind == .array ? children : nil
    }

    /// The names and values of an object; nil for any other value.
    package var members: [(name: String, value: JSONTree)]? {
        guard value.kind == .object else { return nil }
        return children.map { ($0.document.name(of: $0.value), $0) }
    }

    /// The text of a string; nil for any other value.
    package var string: String? {
        value.kind == .string ? document.text(value.bytes, isPlain: value.isPlain) : nil
    }

    /// The digits of a number as written, so that nothing is lost; nil for any other value.
    var number: String? {
        value.kind == .number ? document.text(value.bytes, isPlain: true) : nil
    }

    var bool: Bool? {
        switch value.kind {
        case .isTrue: true
        case .isFalse: false
        case .object, .array, .string, .number, .null: nil
        }
    }

    private var children: [JSONTree] {
        var children: [JSONTree] = []
        var child = index + 1
        while child < value.next {
            children.append(JSONTree(document, child))
            child = document.values[child].next
        }
        return children
    }
}
