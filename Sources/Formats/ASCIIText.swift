/// Reduces text of others to printable ASCII, as the subject of an SNS message needs it. Every other character becomes
/// a question mark.
///
/// - Parameter limit: The largest number of characters.
package func asciiText(_ text: String, limit: Int) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.prefix(limit).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }
        )
    )
}

extension UInt8 {
    /// True for the letters A to Z and a to z and the digits 0 to 9 of ASCII.
    package var isASCIILetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
