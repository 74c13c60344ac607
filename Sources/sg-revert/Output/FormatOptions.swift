import ArgumentParser
import Formats
import Foundation

/// The format in which a command prints a list.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, jsonl, csv
}

/// The `--format` flag of a command that shows one thing or a text.
struct FormatOptions: ParsableArguments {
    @Option(help: "table, json, jsonl or csv.")
    var format = OutputFormat.table
}

/// The `--format` flag of a command that lists things, and the columns of its table.
struct ListFormatOptions: ParsableArguments {
    /// The formats, and the table with all its columns.
    private enum Name: String, ExpressibleByArgument, CaseIterable {
        case table, wide, json, jsonl, csv
    }

    @Option(
        name: [.customShort("o"), .customLong("format")],
        help: "table, wide (a table with all columns), json, jsonl or csv."
    )
    private var name = Name.table

    @Option(
        help: ArgumentHelp("The columns of a table or of csv, divided by commas.", valueName: "names")
    )
    var columns: String?

    /// The chosen format.
    var format: OutputFormat { OutputFormat(rawValue: name.rawValue) ?? .table }

    /// The style of the table.
    ///
    /// - Parameter known: The columns that exist.
    /// - Throws: `ValidationError` for a column that does not exist.
    func style(among known: [String]) throws -> TableLayout.Style {
        let chosen = try columns.map { text in
            try text.split(separator: ",").map { part in
                let column = part.trimmingCharacters(in: .whitespaces)
                guard known.contains(column) else {
                    let hint =
                        nearest(to: column, among: known).map { "did you mean \($0)?" }
                        ?? "the columns are \(known.joined(separator: ", "))"
                    throw ValidationError("--columns: there is no column \"\(column)\"; \(hint)")
                }
                return column
            }
        }
        return TableLayout.Style(
            columns: chosen,
            isWide: name == .wide,
            // All columns are asked for, so none is cut.
            width: name == .wide ? nil : TableLayout.terminalWidth,
            isStyled: isStyled
        )
    }
}
