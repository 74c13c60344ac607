/// Writes JSON into bytes, without a tree of values in between.
///
/// One value always gives the same text: no white space, and names in the order in which the caller gives them.
package struct JSONWriter {
    /// The text so far, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    private let escaping: JSONText.Escaping
    /// True if the next name or value needs a comma before it.
    private var needsComma = false

    /// Creates a writer with room for `capacity` bytes.
    package init(escaping: JSONText.Escaping = .unsafe, capacity: Int = 512) {
        self.escaping = escaping
        bytes.reserveCapacity(capacity)
    }

    /// The text so far.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes an object. `body` writes its members.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// Writes an array. `body` writes its elements.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    /// Writes an array of strings.
    package mutating func array(_ texts: some Sequence<String>) {
        array { for text in texts { $0.string(text) } }
    }

    /// Writes the name of a member. Its value must follow.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        separate()
        JSONText.append(text, to: &bytes, escaping: escaping)
    }

    /// Writes a number.
    package mutating func integer(_ number: some BinaryInteger) {
        json(String(number).utf8)
    }

    /// Writes true or false.
    package mutating func boolean(_ value: Bool) {
        json((value ? "true" : "false").utf8)
    }

    /// Writes null.
    package mutating func null() {
        json("null".utf8)
    }

    /// Writes a value that is JSON text already.
    package mutating func json(_ text: some Sequence<UInt8>) {
        separate()
        bytes += text
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
