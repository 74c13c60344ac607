import Ledger

/// A line for each column, broken so that the second column stays straight in a help text of 80 characters.
func columnHelp(_ columns: [AuditColumn]) -> String {
    let indent = 18
    return columns.map { column in
        var text = "  \(column.name)"
        var width = text.count
        text += String(repeating: " ", count: indent - 1 - width)
        width = indent - 1
        for word in column.meaning.split(separator: " ") {
            if width + 1 + word.count > 79 {
                text += "\n" + String(repeating: " ", count: indent - 1)
                width = indent - 1
            }
            text += " \(word)"
            width += 1 + word.count
        }
        return text
    }.joined(separator: "\n")
}
