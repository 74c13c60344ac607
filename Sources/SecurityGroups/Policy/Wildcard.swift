/// A pattern of texts: `*` stands for any text, slashes and colons included, `?` for one character; case matters.
package struct Wildcard: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The pattern as it is written.
    package let description: String

    /// Takes any text.
    package init(_ pattern: String) {
        description = pattern
    }

    /// Takes any text.
    package init(stringLiteral pattern: String) {
        description = pattern
    }

    /// True if the pattern means no other text than itself.
    package var isLiteral: Bool {
        !description.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// True if the pattern means every text, also the empty one.
    package var isEverything: Bool {
        !description.isEmpty && description.utf8.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// True if the whole of `text` is what the pattern says.
    package func matches(_ text: String) -> Bool {
        let isASCII = description.utf8.allSatisfy { $0 < 0x80 } && text.utf8.allSatisfy { $0 < 0x80 }
        return isASCII
            ? Self.matches(description.utf8, text.utf8, any: UInt8(ascii: "*"), one: UInt8(ascii: "?"))
            : Self.matches(description.unicodeScalars, text.unicodeScalars, any: "*", one: "?")
    }

    /// Steps back to the last `*` alone, so that no pattern takes more than the product of both lengths.
    private static func matches<Text: BidirectionalCollection>(
        _ pattern: Text,
        _ text: Text,
        any: Text.Element,
        one: Text.Element
    ) -> Bool where Text.Element: Equatable {
        var patternIndex = pattern.startIndex
        var textIndex = text.startIndex
        var retry: (pattern: Text.Index, text: Text.Index)?
        while textIndex < text.endIndex {
            if patternIndex < pattern.endIndex, pattern[patternIndex] == any {
                patternIndex = pattern.index(after: patternIndex)
                retry = (patternIndex, textIndex)
            } else if patternIndex < pattern.endIndex,
                pattern[patternIndex] == one || pattern[patternIndex] == text[textIndex]
            {
                patternIndex = pattern.index(after: patternIndex)
                textIndex = text.index(after: textIndex)
            } else if let last = retry {
                textIndex = text.index(after: last.text)
                patternIndex = last.pattern
                retry = (patternIndex, textIndex)
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == any }
    }
}
