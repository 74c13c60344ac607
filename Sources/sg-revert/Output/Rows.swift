import Formats
import Foundation
import Ledger
import Worker

/// One item of a list: cells named by columns, and for JSON the rows that belong to it.
struct Row {
    let cells: [(column: String, value: AuditValue)]
    var children: [(name: String, rows: [Row])]

    init(_ columns: [String], _ values: [AuditValue], children: [(name: String, rows: [Row])] = []) {
        cells = zip(columns, values).map { ($0, $1) }
        self.children = children
    }
}

/// Prints rows in one of the formats. A table is printed at the end, when the widths of its columns are known.
struct RowPrinter {
    private let format: OutputFormat
    /// The columns that are printed; nil to print each row unchanged.
    private let chosen: [String]?
    private let table: TableLayout
    private let write: (String) -> Void
    private var held: [[String]] = []
    /// The number of rows that were printed.
    private(set) var count = 0

    /// - Parameters:
    ///   - tableColumns: The columns of a table. The others do not fit on a screen.
    ///   - write: Gets each piece of text, with line ends; by default stdout.
    init(
        format: OutputFormat,
        columns: [String],
        tableColumns: [String],
        style: TableLayout.Style = .plain,
        write: @escaping (String) -> Void = StandardOutput.write
    ) {
        self.write = write
        self.format = format
        chosen = style.columns
        table = TableLayout(columns: style.columns ?? (style.isWide ? columns : tableColumns), style: style)
        if format == .csv { emit((chosen ?? columns).map(csvCell).joined(separator: ","), terminator: "\r\n") }
    }

    mutating func print(_ row: Row) {
        switch format {
        case .table: held.append(row.values(of: table.columns).map { tableCell($0) })
        case .json: emit(count == 0 ? "[\n  \(jsonObject(row))" : ",\n  \(jsonObject(row))", terminator: "")
        case .jsonl: emit(jsonObject(row))
        case .csv:
            let values = chosen.map { row.values(of: $0) } ?? row.cells.map(\.value)
            emit(values.map { csvCell($0) }.joined(separator: ","), terminator: "\r\n")
        }
        count += 1
    }

    func finish() {
        switch format {
        case .json: emit(count == 0 ? "[]" : "\n]")
        case .table where !held.isEmpty: for line in table.lines(held) { emit(line) }
        default: break
        }
    }

    private func emit(_ text: String, terminator: String = "\n") {
        write(text + terminator)
    }
}

extension Row {
    /// The cells of these columns. A column that does not exist has an empty text.
    fileprivate func values(of columns: [String]) -> [AuditValue] {
        columns.map { name in cells.first { $0.column == name }?.value ?? .text("") }
    }
}

/// Prints one row whole: an object for JSON, else a line for each cell, without cutting any.
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

/// A cell of a table for people. Text of others is made safe to show.
func tableCell(_ value: AuditValue, limit: Int? = nil) -> String {
    switch value {
    case .null: "-"
    case .integer(let number): String(number)
    case .text(let text): limit.map { plainText(text, limit: $0) } ?? plainText(text)
    case .boolean(let truth): truth ? "true" : "false"
    }
}

/// A row as a JSON object.
func jsonObject(_ row: Row) -> String {
    JSONText.object(
        row.cells.map { ($0.column, jsonValue($0.value)) }
            + row.children.map { ($0.name, "[\($0.rows.map(jsonObject).joined(separator: ","))]") }
    )
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

/// A cell as RFC 4180 says. A text that a spreadsheet would run as a formula gets a quote in front. Numbers, such as
/// the protocol -1, stay unchanged.
private func csvCell(_ text: String) -> String {
    // Compares scalars: a sign with a combining mark is another Character, but a spreadsheet sees the sign.
    let clean = plainText(text, limit: .max)
    let start = clean.unicodeScalars.first { $0 != " " }
    let isFormula = Int(clean) == nil && start.map { "=+-@".unicodeScalars.contains($0) } ?? false
    let safe = isFormula ? "'\(clean)" : clean
    guard safe.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" }) else { return safe }
    return "\"\(safe.replacingOccurrences(of: "\"", with: "\"\"", options: .literal))\""
}
