import Formats

/// Text as HTML shows it and never runs it, in an element or a quoted attribute, without what would act on its reader
/// (controls, direction marks).
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
