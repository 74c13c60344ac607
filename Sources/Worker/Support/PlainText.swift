/// Text of others made fit for a terminal, a log line, or a subject.
///
/// Event text is written by whoever made the call: it may hold escape sequences, line breaks and direction marks.
package func plainText(_ text: String, limit: Int = 1024) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            result += " "
        default:
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// The same, reduced to printable ASCII: what an SNS subject admits.
func asciiText(_ text: String, limit: Int) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.prefix(limit).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }
        )
    )
}
