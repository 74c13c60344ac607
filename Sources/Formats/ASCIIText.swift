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
