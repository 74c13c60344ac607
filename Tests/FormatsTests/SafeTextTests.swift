import Formats
import Foundation
import Testing

@Suite struct SafeTextTests {
    /// Every character that the table must hold, spelled out apart from the code.
    static let unsafe: [ClosedRange<UInt32>] = [
        0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E, 0x200B...0x200F, 0x2028...0x202E,
        0x2060...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xFFFE...0xFFFF, 0xE0000...0xE007F,
    ]

    @Test(arguments: unsafe)
    func `an unsafe character becomes a space in text and an escape in JSON`(_ range: ClosedRange<UInt32>) throws {
        for scalar in range.compactMap(Unicode.Scalar.init) {
            #expect(plainText("a\(scalar)b") == "a b")
            let json = JSONText.quoted("a\(scalar)b")
            #expect(json.unicodeScalars.allSatisfy { !$0.isUnsafeToShow })
            #expect(
                try JSONDecoder().decode(String.self, from: Data(json.utf8)).unicodeScalars.dropFirst().first == scalar
            )
        }
    }

    @Test(arguments: ["plain äöü 漢字 👍", "", "a\u{A0}b", "e\u{301}", "\u{E000}", "~ !"])
    func `other text stays as it is`(_ text: String) {
        #expect(plainText(text) == text)
        #expect(JSONText.quoted(text) == "\"\(text)\"")
    }

    @Test func `a text is cut at its limit`() {
        #expect(plainText(String(repeating: "é", count: 2000)).count == 1024)
        #expect(plainText("abcdef", limit: 3) == "abc")
        #expect(asciiText("abcdef", limit: 3) == "abc")
        #expect(asciiText("é\n~ \u{7F}", limit: 10) == "??~ ?")
    }

    @Test(arguments: [
        ("a\"b\\c\nd\u{1}", #""a\"b\\c\nd\u0001""#, #""a\"b\\c\nd\u0001""#, #""a\"b\\c\nd\u0001""#),
        ("\u{8}\t\u{C}\r\u{0}", #""\b\t\f\r\u0000""#, #""\b\t\f\r\u0000""#, #""\b\t\f\r\u0000""#),
        ("é\u{7F}\u{202E}", "\"é\u{7F}\u{202E}\"", #""é\u007f\u202e""#, #""\u00e9\u007f\u202e""#),
        ("👍\u{E0041}", "\"👍\u{E0041}\"", #""👍\udb40\udc41""#, #""\ud83d\udc4d\udb40\udc41""#),
    ])
    func `JSON escapes as little or as much as it is told`(
        _ text: String,
        minimal: String,
        unsafe: String,
        ascii: String
    ) {
        #expect(JSONText.quoted(text, escaping: .minimal) == minimal)
        #expect(JSONText.quoted(text) == unsafe)
        #expect(JSONText.quoted(text, escaping: .nonASCII) == ascii)
    }

    @Test func `an object keeps the order of its members, whose values are JSON already`() {
        #expect(JSONText.object([("b\"", "[1]"), ("a", JSONText.quoted("x"))]) == #"{"b\"":[1],"a":"x"}"#)
        #expect(JSONText.object([]) == "{}")
    }
}
