import ArgumentParser
import Formats
import Foundation
import Ledger
import Worker

/// How a command prints what it lists.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, jsonl, csv
}

/// The `--format` flag.
struct FormatOptions: ParsableArguments {
    @Option(help: "table, json, jsonl or csv.")
    var format = OutputFormat.table
}

/// One thing that a command lists: cells named by columns, and for JSON the rows that belong to it.
struct Row {
    let cells: [(column: String, value: AuditValue)]
    var children: [(name: String, rows: [Row])]

    init(_ columns: [String], _ values: [AuditValue], children: [(name: String, rows: [Row])] = []) {
        cells = zip(columns, values).map { ($0, $1) }
        self.children = children
    }
}

/// Prints rows as they come, in one of the formats; a table is held back, to know its widths.
struct RowPrinter {
    private let format: OutputFormat
    private let columns: [String]
    /// The columns of a table, for people: the others do not fit on a screen.
    private let tableColumns: [String]
    private let write: (String) -> Void
    private var held: [[String]] = []
    private var count = 0

    /// - Parameter write: takes each piece of text as it is, line ends included; by default to stdout.
    init(
        format: OutputFormat,
        columns: [String],
        tableColumns: [String],
        write: @escaping (String) -> Void = StandardOutput.write
    ) {
        self.write = write
        self.format = format
        self.columns = columns
        self.tableColumns = tableColumns
        if format == .csv { emit(columns.map(csvCell).joined(separator: ","), terminator: "\r\n") }
    }

    mutating func print(_ row: Row) {
        switch format {
        case .table:
            held.append(
                tableColumns.map { name in row.cells.first { $0.column == name }.map { tableCell($0.value) } ?? "" }
            )
        case .json: emit(count == 0 ? "[\n  \(jsonObject(row))" : ",\n  \(jsonObject(row))", terminator: "")
        case .jsonl: emit(jsonObject(row))
        case .csv: emit(row.cells.map { csvCell($0.value) }.joined(separator: ","), terminator: "\r\n")
        }
        count += 1
    }

    func finish() {
        switch format {
        case .json: emit(count == 0 ? "[]" : "\n]")
        case .table where !held.isEmpty:
            let rows = [tableColumns] + held
            let widths = tableColumns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
            for row in rows {
                let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                let line = cells.joined(separator: "  ")
                emit(String(line.prefix(through: line.lastIndex { $0 != " " } ?? line.startIndex)))
            }
        default: break
        }
    }

    private func emit(_ text: String, terminator: String = "\n") {
        write(text + terminator)
    }
}

/// Prints one thing whole: for JSON an object, for people a line for each cell, and nothing shortened.
func printWhole(_ row: Row, format: OutputFormat) {
    switch format {
    case .table:
        let width = row.cells.map(\.column.count).max() ?? 0
        for (column, value) in row.cells {
            let name = column.padding(toLength: width, withPad: " ", startingAt: 0)
            StandardOutput.write("\(name) \(tableCell(value, limit: .max))\n")
        }
    case .json, .jsonl: StandardOutput.write(jsonObject(row) + "\n")
    case .csv:
        var printer = RowPrinter(format: .csv, columns: row.cells.map(\.column), tableColumns: [])
        printer.print(row)
    }
}

func tableCell(_ value: AuditValue, limit: Int? = nil) -> String {
    switch value {
    case .null: "-"
    case .integer(let number): String(number)
    case .text(let text): limit.map { plainText(text, limit: $0) } ?? plainText(text)
    case .boolean(let truth): truth ? "yes" : "no"
    }
}

func jsonObject(_ row: Row) -> String {
    var members = row.cells.map { "\(JSONText.quoted($0.column)):\(jsonValue($0.value))" }
    for (name, rows) in row.children {
        members.append("\(JSONText.quoted(name)):[\(rows.map(jsonObject).joined(separator: ","))]")
    }
    return "{\(members.joined(separator: ","))}"
}

private func jsonValue(_ value: AuditValue) -> String {
    switch value {
    case .null: "null"
    case .integer(let number): String(number)
    case .text(let text): JSONText.quoted(text)
    case .boolean(let truth): truth ? "true" : "false"
    }
}
private func csvCell(_ value: AuditValue) -> String {
    switch value {
    case .null: ""
    case .integer(let number): String(number)
    case .text(let text): csvCell(text)
    case .boolean(let truth): truth ? "true" : "false"
    }
}

/// RFC 4180; what a spreadsheet would run as a formula gets a quote in front, which makes it text. Numbers are no formulas:
/// the protocol -1 stays what it is.
private func csvCell(_ text: String) -> String {
    // By scalars: a sign with a combining mark is another character, but to a spreadsheet it is the sign.
    let clean = plainText(text, limit: .max)
    let start = clean.unicodeScalars.first { $0 != " " }
    let isFormula = Int(clean) == nil && start.map { "=+-@".unicodeScalars.contains($0) } ?? false
    let safe = isFormula ? "'\(clean)" : clean
    guard safe.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" }) else { return safe }
    return "\"\(safe.replacingOccurrences(of: "\"", with: "\"\"", options: .literal))\""
}
