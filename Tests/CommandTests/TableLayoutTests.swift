import ArgumentParser
import Formats
import Testing

@testable import sg_revert

@Suite struct TableLayoutTests {
    private func lines(_ columns: [String], width: Int?, isStyled: Bool = false, _ rows: [String]...) -> [String] {
        TableLayout(columns: columns, style: .init(width: width, isStyled: isStyled)).lines(rows)
    }

    @Test func `columns are as wide as their longest cell on the screen`() {
        #expect(
            lines(["id", "reason"], width: nil, ["1", "漢字"], ["22", "é"]) == ["id  reason", "1   漢字", "22  é"]
        )
    }

    @Test func `only columns that can be cut give way to the terminal, the widest first`() {
        let id = "3f6c1d0e-8a55-4c1b-9c5e-2f1f0a9f6b11"
        let reason = String(repeating: "r", count: 60)
        let table = lines(
            ["event_id", "reason", "issuer_arn"],
            width: 80,
            [id, reason, String(repeating: "a", count: 30)]
        )
        #expect(table.allSatisfy { $0.displayWidth <= 80 })
        #expect(table[1].hasPrefix(id))
        #expect(table[1].contains("r…") && table[1].hasSuffix("a…"))
    }

    @Test func `what cannot be cut is shown whole although it is too wide`() {
        let id = String(repeating: "i", count: 50)
        #expect(lines(["event_id"], width: 20, [id])[1] == id)
        #expect(lines(["reason"], width: 5, [id])[1].displayWidth == 12)
    }

    @Test func `a narrow terminal goes without the columns that can be spared, unless somebody asked for them`() {
        let columns = ["event_time", "outcome", "group_id", "region", "exposed_ms", "event_id"]
        let row = [
            "2026-11-27T00:00:00.000Z", "reverted", "sg-0a1b2c3d4e5f60718", "eu-west-1", "1",
            String(repeating: "e", count: 36),
        ]
        #expect(lines(columns, width: 120, row)[0].split(separator: " ").map(String.init) == columns)
        let narrow = lines(columns, width: 100, row)
        #expect(narrow[0].split(separator: " ") == ["event_time", "outcome", "group_id", "event_id"])
        #expect(narrow.allSatisfy { $0.displayWidth <= 100 })
        #expect(lines(columns, width: 80, row)[0].split(separator: " ") == ["outcome", "group_id", "event_id"])
        let asked = TableLayout(columns: columns, style: .init(columns: columns, width: 80)).lines([row])
        #expect(asked[0].contains("exposed_ms"))
    }

    @Test func `the header is bold where style is wanted`() {
        #expect(lines(["id"], width: nil, isStyled: true, ["1"]) == ["\u{1B}[1mid\u{1B}[0m", "1"])
    }

    @Test func `columns are chosen by name, and a mistyped one finds its neighbour`() throws {
        let known = ["event_id", "outcome", "reason"]
        #expect(
            try ListFormatOptions.parse(["--columns", "reason, event_id"]).style(among: known).columns == [
                "reason", "event_id",
            ]
        )
        let wide = try ListFormatOptions.parse(["-o", "wide"])
        #expect(wide.format == .table)
        #expect(try wide.style(among: known).isWide)
        #expect(try ListFormatOptions.parse(["--format", "csv"]).format == .csv)
        let error = #expect(throws: ValidationError.self) {
            try ListFormatOptions.parse(["--columns", "outcom"]).style(among: known)
        }
        #expect(error?.message.contains("did you mean outcome?") == true)
    }
}
