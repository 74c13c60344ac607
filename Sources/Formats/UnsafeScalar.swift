extension Unicode.Scalar {
    /// True for a character that does not simply show itself: it may move a cursor, break a line, change the direction
    /// of the text, or be invisible.
    ///
    /// This is the only table of such characters: the controls C0 and C1, the line and paragraph separators, the
    /// direction marks, the zero-width characters, the byte order mark, the tag characters, and every other format
    /// character.
    package var isUnsafeToShow: Bool {
        switch value {
        case 0x20...0x7E: false
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xE0000...0xE007F, 0xFFFE...0xFFFF:
            true
        default: properties.generalCategory == .format
        }
    }
}
