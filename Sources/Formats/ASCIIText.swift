/// Text of others reduced to printable ASCII, as an SNS subject needs it: each other character becomes a question mark.
///
/// - Parameter limit: at most so many characters.
package func asciiText(_ text: String, limit: Int) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.prefix(limit).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }
        )
    )
}
