/// A line of a response's head. It is read byte by byte, because every response has about ten of them.
enum HTTPResponseLine: Equatable {
    case status(Int)
    case field(String, String)
    /// The empty line at the end, or a line that is no header.
    case other

    init(_ bytes: UnsafeRawBufferPointer) {
        let line = unsafe Self.trimmed(bytes[...])
        if unsafe line.starts(with: "HTTP/".utf8) {
            let number = unsafe line.split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first
            let digits = unsafe number.map { unsafe String(decoding: $0, as: UTF8.self) }
            self = .status(digits.flatMap { Int($0) } ?? 0)
        } else if let colon = unsafe line.firstIndex(of: UInt8(ascii: ":")) {
            self = unsafe .field(
                String(decoding: line[..<colon], as: UTF8.self),
                String(decoding: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
            )
        } else {
            self = .other
        }
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var bytes = unsafe bytes
        while let first = unsafe bytes.first, isSpace(first) { unsafe bytes.removeFirst() }
        while let last = unsafe bytes.last, isSpace(last) { unsafe bytes.removeLast() }
        return unsafe bytes
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
