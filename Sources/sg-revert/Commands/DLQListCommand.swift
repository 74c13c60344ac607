import ArgumentParser
import Foundation
import Worker

struct DLQListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the messages in the dead-letter queue.",
        discussion: """
            Each message is received once and given back; that counts as a receive, as SQS has no other way to read. Of a FIFO \
            queue only the first ten of each message group can be read. Where SQS itself moved a message, its error comes \
            from this host's ledger.
            """
    )

    @OptionGroup var filter: DeadLetterFilterOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var options: DeadLetterOptions

    func run() async throws {
        let filter = try filter.filter(now: Date())
        let errors = try LastErrors(path: ledger.path(options.config.settings()))
        try await options.withQueues { work in
            var printer = RowPrinter(
                format: format.format,
                columns: DeadLetter.columns,
                tableColumns: DeadLetter.tableColumns
            )
            defer { printer.finish() }
            try await work.queue.list(filter, stop: work.stop) {
                complain("\($0)")
            } show: {
                printer.print(Row(DeadLetter.columns, errors.complete($0).values))
            }
        }
    }
}
