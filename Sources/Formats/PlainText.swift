/// Makes text of others safe for a terminal, a log line or a table: each unsafe character becomes a space.
///
/// The caller of an API chooses the text of its event, which may contain escape sequences, line breaks and direction
/// marks.
///
/// - Parameter limit: The largest number of Unicode scalars.
package func plainText(_ text: String, limit: Int = 1024) -> String {
    // Most text is short and plain ASCII, and stays as it is.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
    return String(
        String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { $0.isUnsafeToShow ? " " : $0 })
    )
}
