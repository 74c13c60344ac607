/// Header fields in their order, found by name without regard to case.
package struct HTTPHeaders: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One header line.
    package struct Field: Hashable, Sendable {
        /// The name, in the case in which it is sent or was received.
        package let name: String
        /// The value without surrounding white space.
        package let value: String

        var isSendable: Bool {
            name.utf8.allSatisfy(Self.isPlain) && value.utf8.allSatisfy(Self.isPlain)
        }

        private static func isPlain(_ byte: UInt8) -> Bool {
            byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t")
        }
    }

    /// Every line. A name may occur more than once.
    package private(set) var fields: [Field] = []

    /// No headers.
    package init() {}

    /// Creates the headers of a literal, in its order.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first value of `name`. Setting it replaces every line of that name.
    package subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Adds a line, also if the name exists already.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Compares ASCII letters without regard to case. Names have no other letters.
    private static func same(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        for (a, b) in zip(left.utf8, right.utf8) where a != b {
            guard a ^ b == 0x20, (0x61...0x7A).contains(a | 0x20) else { return false }
        }
        return true
    }
}
