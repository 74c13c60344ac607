import Foundation
import SecurityGroups
import TestSupport
import Testing

/// Patterns and commands of any text. The seeds are fixed.
@Suite struct AnyPatternTests {
    /// What a pattern means, said as simply as can be.
    private func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" { return matches(rest, text) || (!text.isEmpty && matches(pattern, text.dropFirst())) }
        guard let next = text.first, first == "?" || first == next else { return false }
        return matches(rest, text.dropFirst())
    }

    @Test func `a pattern matches what its meaning says`() {
        var random = SeededGenerator(seed: 20_261_127)
        var matching = 0
        for _ in 0..<20_000 {
            let alphabet = random.chance(80) ? "ab" : "aé🦊"
            let pattern = random.text(alphabet + "*?", 0...6)
            let text = random.text(alphabet + "*", 0...7)
            let expected = matches(Array(pattern.unicodeScalars)[...], Array(text.unicodeScalars)[...])
            if expected { matching += 1 }
            if Wildcard(pattern).matches(text) != expected { Issue.record("\(pattern) and \(text)") }
        }
        #expect(matching > 1000 && matching < 15_000, "both answers are common")
    }

    @Test func `a pattern without a wildcard means its own text, and one of stars everything`() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            let text = random.text("ab*?é", 0...6)
            let pattern = Wildcard(text)
            if pattern.isLiteral != !text.contains(where: { "*?".contains($0) }) { Issue.record("\(text)") }
            if pattern.isLiteral, !pattern.matches(text) || pattern.matches(text + "a") { Issue.record("\(text)") }
            if pattern.isEverything, !pattern.matches("") || !pattern.matches("any/thing:é") { Issue.record("\(text)") }
        }
    }

    /// The words that a POSIX shell makes of a command without variables: words, and single quotes.
    private func words(of command: String) throws -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var rest = command.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ":
                if let word { words.append(String(word)) }
                word = nil
            case "'":
                let end = try #require(rest.firstIndex(of: "'"), "a quote is not closed")
                word = (word ?? .init()) + rest[..<end]
                rest = rest[rest.index(after: end)...]
            case "\\":
                #expect(rest.popFirst() == "'", "only a quote is escaped")
                word = (word ?? .init()) + "'".unicodeScalars
            default:
                let isPlain =
                    scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-".unicodeScalars.contains(scalar))
                #expect(isPlain, "\(scalar) stands outside of quotes")
                word = (word ?? .init()) + [scalar]
            }
        }
        if let word { words.append(String(word)) }
        return words
    }

    @Test func `the command that brings a rule back is one command, whatever the rule and the region say`() throws {
        var random = SeededGenerator(seed: 9)
        let alphabet = "ab '\"\\$`;|&<>\n\r\t!*?#(){}\u{0}\u{1B}\u{301}\u{202E}é🦊"
        for _ in 0..<500 {
            let text = random.text(alphabet, 0...12)
            let live = LiveRule(
                id: try Fixture.ruleID(),
                groupID: try Fixture.group(),
                rule: Fixture.rule(from: random.chance(50) ? .cidr(.allIPv4) : .groupName(text)),
                ruleDescription: text,
                tags: random.chance(50) ? [text: text] : [:]
            )
            let region = random.chance(30) ? text : "eu-west-1"
            let command = undoCommand(for: .revoked(live), region: region)
            let words = try words(of: command)
            #expect(words.prefix(2) == ["aws", "ec2"] && words.count == (live.tags.isEmpty ? 9 : 11))
            #expect(words[4] == region)
            let json = try JSONSerialization.jsonObject(with: Data(words[8].utf8)) as? [[String: Any]]
            let ranges = json?.first?["IpRanges"] ?? json?.first?["UserIdGroupPairs"]
            let source = (ranges as? [[String: String]])?.first
            #expect(source?["Description"].map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
        }
    }
}
