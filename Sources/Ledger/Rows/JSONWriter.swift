import Formats

/// Writes JSON into bytes, without a tree of values in between.
///
/// One value always gives the same text, because hashes cover it: no white space, and names in the order in which the
/// caller gives them. Characters that are unsafe to show are escaped, so that the text can be printed as it is.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// True if the next member or element needs a comma before it.
    private var isPending = false

    init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// The whole text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes an object. `body` writes its members.
    mutating func object(_ body: (inout JSONWriter) -> Void) { nest(0x7B, 0x7D, body) }
    mutating func array(_ body: (inout JSONWriter) -> Void) { nest(0x5B, 0x5D, body) }

    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        array(body)
    }

    mutating func array(_ name: StaticString, of texts: [String]) {
        array(name) { for text in texts { $0.value(.text(text)) } }
    }

    mutating func member(_ name: StaticString, _ value: AuditValue) {
        self.name(name)
        self.value(value)
    }

    mutating func member(_ name: String, _ value: AuditValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member for each column that is not null.
    mutating func members<Record>(_ columns: [StoredColumn<Record>], of record: Record) {
        for column in columns {
            let value = column.value(record)
            if value != .null { member(column.name, value) }
        }
    }

    /// Writes a member whose value is JSON text already.
    mutating func member(_ name: StaticString, json: [UInt8]) {
        self.name(name)
        comma()
        bytes += json
        isPending = true
    }

    mutating func value(_ value: AuditValue) {
        comma()
        switch value {
        case .null: bytes += "null".utf8
        case .boolean(true): bytes += "true".utf8
        case .boolean(false): bytes += "false".utf8
        case .integer(let number): append(number)
        case .text(let text): append(text)
        }
        isPending = true
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        comma()
        bytes.append(open)
        isPending = false
        body(&self)
        bytes.append(close)
        isPending = true
    }

    private mutating func name(_ name: StaticString) {
        comma()
        bytes.append(0x22)
        name.withUTF8Buffer { unsafe bytes += $0 }
        bytes.append(0x22)
        bytes.append(0x3A)
        isPending = false
    }

    mutating func name(_ name: String) {
        comma()
        append(name)
        bytes.append(0x3A)
        isPending = false
    }

    private mutating func comma() {
        if isPending { bytes.append(0x2C) }
        isPending = false
    }

    private mutating func append(_ number: Int64) {
        if (0...9).contains(number) { return bytes.append(0x30 + UInt8(number)) }
        bytes += String(number).utf8
    }

    private mutating func append(_ text: String) {
        bytes.append(0x22)
        let isPlain: Bool? = unsafe text.utf8.withContiguousStorageIfAvailable { text in
            guard unsafe text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) else { return false }
            unsafe bytes += text
            return true
        }
        if isPlain != true {
            for scalar in text.unicodeScalars { append(scalar) }
        }
        bytes.append(0x22)
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": bytes += [0x5C, 0x22]
        case "\\": bytes += [0x5C, 0x5C]
        case _ where scalar.value < 0x20 || scalar.isUnsafeToShow:
            for unit in scalar.utf16 {
                let digits = String(unit, radix: 16)
                bytes += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            }
        default: bytes += scalar.utf8
        }
    }
}
