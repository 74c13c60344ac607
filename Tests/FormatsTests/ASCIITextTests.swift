import Formats
import Testing

@Suite struct ASCIITextTests {
    @Test(arguments: [
        ("sg-revert: 5 rules ~", "sg-revert: 5 rules ~"), ("é", "?"), ("a\nb\tc\u{0}", "a?b?c?"),
        ("\u{7F}\u{80}", "??"),
        // A letter and its accent are two characters to SNS.
        ("e\u{301}", "e?"), ("", ""),
    ])
    func `what is no printable ASCII becomes a question mark`(_ text: String, _ expected: String) {
        #expect(asciiText(text, limit: 100) == expected)
    }

    @Test func `a text is cut at its limit, which counts what is written`() {
        #expect(asciiText("ééé", limit: 2) == "??")
        #expect(asciiText("abc", limit: 3) == "abc")
        #expect(asciiText("abc", limit: 0) == "")
    }

    @Test func `letters and digits are those of ASCII alone`() {
        let found = (UInt8.min...UInt8.max).filter(\.isASCIILetterOrDigit)
        let expected = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        #expect(String(decoding: found, as: UTF8.self) == expected)
    }
}
