import ArgumentParser
import Ledger

struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the whole ledger as JSON lines.",
        discussion: """
            One event a line with its rules, newest first, as audit query --format jsonl prints them; with --trail \
            one entry of the audit trail a line, oldest first, with its hash.
            """
    )

    @OptionGroup var ledger: AuditLedgerOptions

    @Flag(help: "The audit trail instead of the events.")
    var trail = false

    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        try await asking {
            let readers = try ledger.readers(settings)
            guard trail else {
                var printer = RowPrinter(format: .jsonl, columns: AuditEvent.columns, tableColumns: [])
                var events = EventStream(readers, matching: EventFilter(), withRules: true)
                while let (event, rules) = try events.next() { printer.print(Row(event, rules)) }
                return
            }
            for reader in readers {
                var seq: Int64 = 0
                while let page = try reader.trailLines(after: seq) {
                    for line in page.lines { StandardOutput.write(line + "\n") }
                    seq = page.last
                }
            }
        }
    }
}

extension Row {
    /// A row of an event with its rules below it.
    init(_ event: AuditEvent, _ rules: [AuditRule]) {
        self.init(
            AuditEvent.columns,
            event.values,
            children: [("rules", rules.map { Row(AuditRule.columns, $0.values) })]
        )
    }
}
