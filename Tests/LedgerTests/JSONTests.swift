import Formats
import Foundation
import Testing

@testable import Ledger

@Suite struct JSONTests {
    @Test(arguments: [
        "", "plain", "quote \" and \\ back", "line\nbreak\tand\u{0}", "é ü 漢字 🦊",
        "\u{202E}\u{61C}\u{200B}\u{FEFF}\u{E0041}\u{85}",
    ])
    func `what is written is read again, by us and by Foundation, and is safe to show`(_ text: String) throws {
        var json = JSONWriter()
        json.object {
            $0.member("text", .text(text))
            $0.member("null", .null)
            $0.array("list", of: [text, "b"])
            $0.object("inner") { $0.member("n", .integer(-42)) }
        }
        let read = try JSON.object(json.text)
        #expect(read["text"]?.string == text && read["null"] == .null)
        #expect(read["list"]?.elements.compactMap(\.string) == [text, "b"])
        #expect(read["inner"]?["n"]?.integer == -42)
        let other = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any]
        #expect(other?["text"] as? String == text)
        #expect(!json.text.unicodeScalars.contains { $0.isUnsafeToShow })
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":}", "nul", "\"\\u12\"", "\"open", "1.5", "{} {}", String(repeating: "[", count: 99),
    ])
    func `other text is an error, however deep`(_ text: String) {
        #expect(throws: JSONError.self) { try JSON.parse(text) }
    }

    @Test func `an escaped pair is one character, and a lone half is a replacement`() throws {
        #expect(try JSON.parse(#""\ud83e\udd8a""#).string == "🦊")
        #expect(try JSON.parse(#""\ud83ex""#).string == "\u{FFFD}x")
    }

    @Test func `the lists of columns are in the order of their names, and name what the views show`() {
        let lists = [
            EventFacts.columns.map(\.name), RecordedResult.columns.map(\.name), RuleResult.columns.map(\.name),
            APICall.columns.map(\.name),
        ]
        for names in lists { #expect(names == names.sorted() && Set(names).count == names.count) }
        #expect(Set(RuleResult.columns.map(\.name)).union(["event_id"]) == Set(AuditRule.columns).union(["named"]))
        let filled = EventFacts.columns.map(\.name) + RecordedResult.columns.map(\.name)
        let own = ["event_id", "received_at", "attempts", "deliveries", "worker", "notified_at"]
        #expect(Set(AuditEvent.columns).subtracting(filled) == Set(own))
    }
}
