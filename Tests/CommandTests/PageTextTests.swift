import Foundation
import Ledger
import SecurityGroups
import Testing

@testable import sg_revert

/// Numbers, bars and stories as people read them.
@Suite struct PageTextTests {
    @Test(
        arguments: [
            (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (1550, "1.5 s"), (59_999, "59.9 s"), (60_000, "1 min 0 s"),
            (200_000, "3 min 20 s"), (3_600_000, "1 h 0 min"), (7_500_000, "2 h 5 min"), (86_400_000, "1 d 0 h"),
            (266_400_000, "3 d 2 h"),
        ] as [(Int64, String)]
    )
    func `a time is told in its two largest units`(milliseconds: Int64, words: String) {
        #expect(durationInWords(milliseconds) == words)
    }

    @Test func `a sparkline has a character for each number, as high as its share of the largest`() {
        #expect(sparkline([0, 1, 4, 8]) == " ▂▅█")
        #expect(sparkline([0, 0]) == "  ")
        #expect(sparkline([1_000_000]) == "█")
        #expect(sparkline([]) == "")
    }

    @Test func `a chart has a column for each number, its sum above it and its label below`() {
        let chart = columnChart([("a<b", 1, 2), ("c", 0, 0)], everyLabel: 1)
        #expect(chart.components(separatedBy: "<g>").count == 3)
        #expect(
            chart.contains("<title>a&lt;b: 3</title>") && chart.contains(">3</text>") && chart.contains(">c</text>")
        )
        #expect(!chart.contains("a<b") && !chart.contains(">0</text>"))
        #expect(chart.contains("class=\"first\"") && chart.contains("class=\"second\""))
    }

    @Test func `of many columns the sums are left out, and every so many has its label`() {
        let chart = columnChart((0..<24).map { ("h\($0)", $0 + 1, 0) }, everyLabel: 6)
        #expect(["h0", "h6", "h12", "h18"].allSatisfy { chart.contains(">\($0)</text>") })
        #expect(!chart.contains(">h1</text>") && !chart.contains(">24</text>"))
        #expect(chart.contains("<title>h1: 2</title>"))
    }

    @Test func `a chart of nothing has no column, and divides by nothing`() {
        let chart = columnChart([("a", 0, 0)], everyLabel: 1)
        #expect(!chart.contains("class=\"first\"") && !chart.contains("nan") && !chart.contains("inf"))
    }

    @Test func `a text of others is shown in a page and never run`() {
        #expect(escaped("<b a='1' c=\"2\">&") == "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;")
        #expect(!escaped("a\u{202E}b\u{1B}[31m").unicodeScalars.contains { $0.value == 0x202E || $0.value == 0x1B })
    }

    private func story(_ folder: AuditFolder, outcome: EventOutcome = .reverted) async throws -> EventStory {
        let path = try await folder.ledger("a", outcome: outcome, reason: "watch[0]")
        return try #require(try LedgerReader(path: path).story(of: "e0"))
    }

    @Test func `a story has its facts, its rules and its runs, each under a heading`() async throws {
        let folder = try AuditFolder()
        let text = storyText(try await story(folder), isStyled: false)
        let lines = text.components(separatedBy: "\n")
        #expect(lines.first == "reverted: AuthorizeSecurityGroupIngress on sg-1")
        #expect(lines.contains("Rules") && lines.contains("Runs") && !lines.contains("Notifications"))
        #expect(lines.contains("  who         arn:aws:iam::111122223333:role/dev"))
        #expect(lines.contains("  session     arn:aws:sts::111122223333:assumed-role/dev/anna"))
        #expect(lines.contains("  open for    1.5 s"))
        #expect(lines.contains("  stood       reverted: revoked, and seen to be gone"))
        #expect(text.contains("9 ms") && text.contains("RevokeSecurityGroupIngress  r1"))
        #expect(!text.contains("dry run") && !text.contains("\u{1B}"))
    }

    @Test func `on a terminal its headings are bold`() async throws {
        let folder = try AuditFolder()
        let text = storyText(try await story(folder), isStyled: true)
        #expect(text.contains("\u{1B}[1mRules\u{1B}[0m"))
    }

    @Test func `without an exposure nothing is said of it`() async throws {
        let folder = try AuditFolder()
        let text = storyText(try await story(folder, outcome: .failed), isStyled: false)
        #expect(text.hasPrefix("failed: ") && !text.contains("open for"))
    }

    @Test func `on a terminal the sums have bars, the longest for the largest`() async throws {
        let folder = try AuditFolder()
        let path = try await folder.ledger("a", events: 3)
        let reader = try LedgerReader(path: path)
        var sums = AuditStatistics()
        for event in try reader.events(matching: EventFilter(), after: nil, limit: 9) {
            sums.add(event, try reader.rules(of: ["e0"])["e0"] ?? []) { kind(of: $0) }
        }
        let text = statisticsText(sums, top: 3, hasBars: true)
        #expect(text.contains("3 ████████████  reverted"))
        #expect(text.contains("Hour of day (UTC)\n"))
        let plain = statisticsText(sums, top: 3, hasBars: false)
        #expect(plain.contains("3  reverted") && !plain.contains("█"))
        #expect(plain.contains("ingress tcp 22 from 0.0.0.0/0  (open 4.5 s)"))
    }

    @Test func `no events are no sections`() {
        let text = statisticsText(AuditStatistics(), top: 3, hasBars: true)
        #expect(text == "0 events\nexposure: median -, 95 % within -, longest -\n")
    }
}
