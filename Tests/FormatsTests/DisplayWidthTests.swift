import Formats
import Testing

@Suite struct DisplayWidthTests {
    @Test(arguments: [("abc", 3), ("äöü", 3), ("漢字", 4), ("e\u{301}", 1), ("👍", 2), ("", 0), ("\u{301}", 0)])
    func `a text is as wide as a terminal shows it`(_ text: String, _ width: Int) {
        #expect(text.displayWidth == width)
    }

    @Test(arguments: [("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("漢字漢", 4, "漢…"), ("abc", 1, "…"), ("", 0, "")])
    func `a text that is too wide is cut with an ellipsis`(_ text: String, _ width: Int, _ expected: String) {
        #expect(text.fitted(to: width) == expected)
        #expect(text.fitted(to: width).displayWidth <= max(width, 1))
    }
}
