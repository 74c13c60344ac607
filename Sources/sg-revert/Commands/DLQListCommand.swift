import ArgumentParser
import Foundation
import Worker

struct DLQListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the messages in the dead-letter queue.",
        discussion:
            "Each message is received once and given back; that counts as a receive, as SQS has no other way to read."
    )

    @OptionGroup var filter: DeadLetterFilterOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var options: DeadLetterOptions

    func run() async throws {
        let filter = try filter.filter(now: Date())
        try await options.withQueues { queue, _ in
            var printer = RowPrinter(
                format: format.format,
                columns: DeadLetter.columns,
                tableColumns: DeadLetter.tableColumns
            )
            try await queue.list(filter) { printer.print(Row(DeadLetter.columns, $0.values)) }
            printer.finish()
        }
    }
}
