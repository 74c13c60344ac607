package import Formats

/// Members of requests. A member whose value is nil is left out.
extension JSONWriter {
    /// The bytes of an object with the members that `body` adds.
    package static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(escaping: .minimal)
        writer.object(body)
        return writer.bytes
    }

    package mutating func member(_ name: String, _ value: String?) {
        guard let value else { return }
        self.name(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: Int?) {
        guard let value else { return }
        self.name(name)
        integer(value)
    }

    mutating func member(_ name: String, _ value: Bool?) {
        guard let value else { return }
        self.name(name)
        boolean(value)
    }
}
