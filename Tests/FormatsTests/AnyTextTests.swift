import Formats
import Foundation
import TestSupport
import Testing

/// Laws that hold for any text, tried on many made-up ones. The seed is fixed.
@Suite struct AnyTextTests {
    /// Ranges of characters that text of others is likely to hold, the dangerous ones among them.
    private static let ranges: [ClosedRange<UInt32>] = [
        0x20...0x7E, 0x20...0x7E, 0x00...0x1F, 0x7F...0x9F, 0xA0...0x17F, 0x300...0x36F, 0x600...0x6FF,
        0x2000...0x206F, 0x3040...0x30FF, 0x4E00...0x4EFF, 0xE000...0xE010, 0xFEFF...0xFEFF, 0x1F300...0x1F6FF,
        0xE0000...0xE007F, 0x10FFF0...0x10FFFF,
    ]

    private static let texts: [String] = {
        var random = SeededGenerator(seed: 20_261_127)
        return (0..<1000).map { _ in
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...24, using: &random) {
                let range = ranges.randomElement(using: &random) ?? 0x20...0x7E
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.append(scalar) }
            }
            return String(text)
        }
    }()

    /// Records what breaks a law. An expectation in each round of a loop would take long.
    private func check(_ law: Bool, _ text: String) {
        if !law { Issue.record("\(text.debugDescription)") }
    }

    @Test(arguments: [JSONText.Escaping.minimal, .unsafe, .nonASCII])
    func `a JSON string is read back as the text that it was made from`(escaping: JSONText.Escaping) throws {
        for text in Self.texts {
            let json = JSONText.quoted(text, escaping: escaping)
            let read = try JSONDecoder().decode(String.self, from: Data(json.utf8))
            check(Array(read.unicodeScalars) == Array(text.unicodeScalars), text)
            if escaping == .nonASCII { check(json.utf8.allSatisfy { (0x20...0x7E).contains($0) }, text) }
            if escaping == .unsafe { check(json.unicodeScalars.allSatisfy { !$0.isUnsafeToShow }, text) }
        }
    }

    @Test func `safe text is safe, is no longer than the text, and stays as it is when it is made safe again`() {
        for text in Self.texts {
            let safe = plainText(text)
            check(safe.unicodeScalars.allSatisfy { !$0.isUnsafeToShow }, text)
            check(safe.unicodeScalars.count == text.unicodeScalars.count, text)
            check(plainText(safe) == safe, text)
            for limit in [0, 1, 7] { check(plainText(text, limit: limit).unicodeScalars.count <= limit, text) }
            let ascii = asciiText(text, limit: 10)
            check(ascii.utf8.count <= 10 && ascii.utf8.allSatisfy { (0x20...0x7E).contains($0) }, text)
        }
    }

    @Test func `a text that is cut fits, and one that fits is not cut`() {
        for text in Self.texts.map({ plainText($0) }) {
            for width in [1, 2, 5, 12] {
                let fitted = text.fitted(to: width)
                check(fitted.displayWidth <= width, text)
                if text.displayWidth <= width { check(fitted == text, text) }
            }
        }
    }

    @Test func `an ARN is written as it was read, and no other text is taken for one`() {
        for text in Self.texts {
            check(ARN(text) == nil, text)
            let arn = "arn:aws:iam::111122223333:role/\(text)"
            check(ARN(arn)?.description == arn && ARN(arn)?.resource == "role/\(text)", text)
        }
    }

    @Test func `no text ends the reader of times`() {
        for text in Self.texts {
            check(RFC3339.parse(text) == nil, text)
            check(RFC3339.parse("2026-11-25T21:40:59Z\(text)") == nil || text.isEmpty, text)
        }
    }
}
