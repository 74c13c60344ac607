import ArgumentParser
import Formats
import Foundation
import Ledger
import Worker

struct ExemptListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the temporary exemptions of the ledger, and with --claims of the table that hosts share."
    )

    @Flag(help: "Also those that have ended.")
    var all = false

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    static let columns = TemporaryExemption.columns + ["kept_in"]
    private static let tableColumns = [
        "id", "principal", "group_id", "until", "then", "reason", "made_by", "state", "kept_in",
    ]

    func run() async throws {
        let settings = try config.settings()
        let path = try ledger.path(settings)
        let style = try format.style(among: Self.columns)
        let now = Date()
        let table = try await shared.exemptions(settings)
        var inTable: SharedExemptions?
        var failure: (any Error)?
        do {
            inTable = try await table?.read()
        } catch {
            failure = error
        }
        // A machine that runs no worker has no ledger, and may ask the table.
        let isThere = table == nil || FileManager.default.fileExists(atPath: path)
        let inLedger = isThere ? try await asking { try LedgerReader(path: path).exemptions() } : []
        let listed = ListedExemption.all(ledger: inLedger, table: inTable?.exemptions)
        var printer = RowPrinter(
            format: format.format,
            columns: Self.columns,
            tableColumns: Self.tableColumns,
            style: style
        )
        for row in listed where all || row.exemption.end > now {
            printer.print(Row(Self.columns, row.exemption.values(at: now) + [.text(row.keptIn.rawValue)]))
        }
        printer.finish()
        if let odd = inTable?.odd, !odd.isEmpty {
            let names = odd.prefix(5).map { plainText($0, limit: 40) }.joined(separator: ", ")
            complain("warning: the table has \(odd.count) that no command wrote and that exempt nobody: \(names)")
        }
        if let failure { throw RunFailure(description: "the list is of this ledger alone: \(errorText(failure))") }
    }
}

/// A temporary exemption, and where it is kept.
struct ListedExemption: Hashable {
    enum Place: String {
        case ledger
        case table
        case both = "ledger and table"
    }

    let exemption: TemporaryExemption
    let keptIn: Place

    /// The exemptions of a ledger and of the table, the oldest first. One that is in both has ended where either says so.
    ///
    /// - Parameter table: What the table has; nil where it was not read, and then the ledger says what is there, too.
    static func all(ledger: [TemporaryExemption], table: [TemporaryExemption]?) -> [Self] {
        let there = Dictionary((table ?? []).map { ($0.id, $0) }) { $1 }
        let known = Set(ledger.map(\.id))
        let here = ledger.map { mine in
            let isShared = table == nil ? mine.sharedAt != nil : there[mine.id] != nil
            let soonest = [mine, there[mine.id]].compactMap(\.self).min { $0.end < $1.end } ?? mine
            return Self(exemption: soonest, keptIn: isShared ? .both : .ledger)
        }
        let others = (table ?? []).filter { !known.contains($0.id) }.map { Self(exemption: $0, keptIn: .table) }
        return (here + others).sorted { ($0.exemption.from, $0.exemption.id) < ($1.exemption.from, $1.exemption.id) }
    }
}
