import Foundation
import Ledger
import Testing

@Suite struct DocumentationTests {
    @Test func `the catalogue has every column of the views, word for word and in order`() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Ledger/Ledger.docc/Ledger.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let views = [
            ("audit_events", AuditColumn.events), ("audit_rules", AuditColumn.rules),
            ("standing_rules", AuditColumn.standing),
        ]
        for (view, columns) in views {
            let rows = columns.map { "| `\($0.name)` | \($0.meaning) |\n" }.joined()
            #expect(text.contains("### The view \(view)\n\n| column | meaning |\n| --- | --- |\n\(rows)\n"))
        }
    }
}
