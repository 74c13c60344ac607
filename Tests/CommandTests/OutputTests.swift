import ArgumentParser
import Foundation
import Ledger
import Testing

@testable import sg_revert

/// Rows are printed for people and for programs.
@Suite struct OutputTests {
    private final class Output {
        var text = ""
    }

    private func printed(
        _ format: OutputFormat,
        columns: [String] = ["id", "text"],
        table: [String] = ["text", "id"],
        _ rows: [[AuditValue]],
        children: (name: String, rows: [Row])? = nil
    ) -> String {
        let output = Output()
        var printer = RowPrinter(format: format, columns: columns, tableColumns: table) { output.text += $0 }
        for row in rows { printer.print(Row(columns, row, children: children.map { [$0] } ?? [])) }
        printer.finish()
        return output.text
    }

    private let rows: [[AuditValue]] = [[.integer(1), .text("a")], [.null, .boolean(true)]]

    @Test func `a table has its own columns, aligned, and nothing at all where there are no rows`() {
        #expect(printed(.table, rows) == "text  id\na     1\ntrue  -\n")
        #expect(printed(.table, []) == "")
        #expect(printed(.table, [[.integer(1), .text("a\u{1B}[2J\nb")]]) == "text     id\na [2J b  1\n")
        #expect(printed(.table, [[.integer(1), .text("")]]) == "text  id\n      1\n")
    }

    @Test func `JSON is one array, JSON lines are one object a line, with the rows that belong to it`() {
        #expect(printed(.json, []) == "[]\n")
        #expect(printed(.json, rows) == "[\n  {\"id\":1,\"text\":\"a\"},\n  {\"id\":null,\"text\":true}\n]\n")
        #expect(printed(.jsonl, []) == "")
        let rule = Row(["rule"], [.text("r\"1/2")])
        #expect(
            printed(.jsonl, [[.integer(1), .text("a\nb")]], children: ("rules", [rule]))
                == "{\"id\":1,\"text\":\"a\\nb\",\"rules\":[{\"rule\":\"r\\\"1/2\"}]}\n"
        )
    }

    @Test(arguments: [
        ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("two\r\nlines", "two  lines"),
        ("=1+1", "'=1+1"), ("@x", "'@x"), ("+x", "'+x"), ("-x", "'-x"),
        (
            "=HYPERLINK(\"a\",\"b\")",
            "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""
        ), ("=\u{301}1", "'=\u{301}1"), ("\t=1", "' =1"),
        ("\"\u{301}", "\"\"\"\u{301}\""), ("-1", "-1"), ("", ""), ("a\u{1B}b", "a b"),
    ]
    )
    func `CSV is RFC 4180, and no cell is a formula`(text: String, cell: String) {
        #expect(printed(.csv, [[.integer(-1), .text(text)]]) == "id,text\r\n-1,\(cell)\r\n")
    }

    @Test func `CSV has its header even without rows, and is never cut`() {
        #expect(printed(.csv, []) == "id,text\r\n")
        let long = String(repeating: "x", count: 5000)
        #expect(printed(.csv, [[.null, .text(long)]]) == "id,text\r\n,\(long)\r\n")
    }
}

/// Times and durations.
@Suite struct MomentTests {
    private let now = Date(timeIntervalSince1970: 1_764_063_000)

    @Test(arguments: [
        ("90s", -90.0), ("15m", -900), ("24h", -86_400), ("30d", -2_592_000), ("0s", 0),
        ("2025-11-25T09:30:00Z", 0), ("2025-11-25T09:30:00.500Z", 0.5), ("2025-11-25T10:30:00+01:00", 0),
    ]
    )
    func `a duration is that long ago, a timestamp is RFC 3339`(text: String, offset: Double) throws {
        let moment = try moment(text, flag: "--since", now: now)
        #expect(abs(moment.timeIntervalSince(now) - offset) < 0.001)
    }

    @Test(arguments: ["", "5", "h", "-5m", "5w", "yesterday", "1.5h"]
    )
    func `anything else is an error that shows both forms`(text: String) {
        let error = #expect(throws: ValidationError.self) { try moment(text, flag: "--since", now: now) }
        #expect(error?.message.hasPrefix("--since: \"\(text)\" is neither a duration") == true)
    }
}
