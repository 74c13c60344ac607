import ArgumentParser
import Foundation
import Ledger

struct AuditStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Add it up: outcomes, exposure, and who opens the most.",
        discussion: """
            The worst offenders are those whose events broke the policy, whatever became of them. Exposure runs from the call \
            to the confirmed revoke of the event's last rule. Hours are UTC.
            """
    )

    @OptionGroup var ledger: AuditLedgerOptions
    @OptionGroup var filter: EventFilterOptions

    @Option(help: ArgumentHelp("How many offenders of each kind.", valueName: "n"))
    var top = 5

    @OptionGroup var format: FormatOptions
    @OptionGroup var config: ConfigOptions

    func validate() throws {
        guard top > 0 else { throw ValidationError("--top must be 1 or more") }
    }

    func run() async throws {
        let settings = try config.settings()
        let filter = try filter.filter(now: Date())
        let statistics = try await asking {
            var statistics = AuditStatistics()
            try eachEvent(of: ledger.readers(settings), matching: filter) {
                statistics.add($0, $1, words: kind(of:))
            }
            return statistics
        }
        switch format.format {
        case .table:
            StandardOutput.write(statisticsText(statistics, top: top, hasBars: StandardOutput.isTerminal))
        case .json, .jsonl:
            StandardOutput.write(jsonObject(Row(statistics, top: top)) + "\n")
        case .csv:
            let columns = ["section", "name", "events", "exposed_ms"]
            var printer = RowPrinter(format: .csv, columns: columns, tableColumns: [])
            for (section, rows) in Row(statistics, top: top).children where section != "exposed" {
                for row in rows {
                    let cells = row.cells.map(\.value)
                    printer.print(
                        Row(columns, [.text(section), cells[0], cells[1], cells.count > 2 ? cells[2] : .null])
                    )
                }
            }
        }
    }
}
