import Formats

/// Escapes a text for an HTML element or a quoted attribute, so that it is shown and never run. Characters that could
/// mislead the reader (controls, direction marks) are removed.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in plainText(text, limit: .max).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
