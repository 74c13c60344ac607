/// The five entities of XML, and characters by number.
enum XMLEntity {
    /// The character of an entity, by name or by number.
    static func scalar(of name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        switch String(decoding: name, as: UTF8.self) {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        case let text where text.hasPrefix("#x"): return number(text.dropFirst(2), radix: 16)
        case let text where text.hasPrefix("#"): return number(text.dropFirst(), radix: 10)
        default: return nil
        }
    }

    private static func number(_ digits: Substring, radix: Int) -> Unicode.Scalar? {
        guard let value = UInt32(digits, radix: radix), value >= 0x20 || [9, 10, 13].contains(value) else { return nil }
        return Unicode.Scalar(value)
    }
}
