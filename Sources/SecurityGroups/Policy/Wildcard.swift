/// A pattern: `*` stands for any text, including slashes and colons, and `?` for one character. Case matters.
package struct Wildcard: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The pattern as written.
    package let description: String

    /// Accepts any text.
    package init(_ pattern: String) {
        description = pattern
    }

    /// Accepts any text.
    package init(stringLiteral pattern: String) {
        description = pattern
    }

    /// True if the pattern matches only its own text.
    package var isLiteral: Bool {
        !description.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// True if the pattern matches every text, also the empty one.
    package var isEverything: Bool {
        !description.isEmpty && description.utf8.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// True if it matches the ARN of any role or user of any account.
    package var isAnyCaller: Bool {
        ["aws", "aws-cn", "aws-us-gov"].contains { partition in
            ["role", "user"].contains { matches("arn:\(partition):iam::000000000000:\($0)/name-that-nobody-has") }
        }
    }

    /// True if the whole of `text` matches.
    package func matches(_ text: String) -> Bool {
        let isASCII = description.utf8.allSatisfy { $0 < 0x80 } && text.utf8.allSatisfy { $0 < 0x80 }
        return isASCII
            ? Self.matches(description.utf8, text.utf8, any: UInt8(ascii: "*"), one: UInt8(ascii: "?"))
            : Self.matches(description.unicodeScalars, text.unicodeScalars, any: "*", one: "?")
    }

    /// Backtracks only to the last `*`, so the time is at most the product of both lengths.
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
