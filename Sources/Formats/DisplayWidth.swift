extension Character {
    /// The number of terminal columns that the character takes: 2 for East Asian wide characters and emoji, 0 for a mark
    /// that joins the character before it, else 1.
    package var displayWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        if first.value < 0x300 { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension StringProtocol {
    /// The number of terminal columns that the text takes.
    package var displayWidth: Int {
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.displayWidth }
    }

    /// The text cut to `width` terminal columns, with an ellipsis if something is cut.
    package func fitted(to width: Int) -> String {
        guard displayWidth > width else { return String(self) }
        var result = ""
        var room = Swift.max(width - 1, 0)
        for character in self {
            room -= character.displayWidth
            guard room >= 0 else { break }
            result.append(character)
        }
        return result + "…"
    }
}
