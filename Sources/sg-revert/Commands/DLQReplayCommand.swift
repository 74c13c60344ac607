import ArgumentParser
import Foundation
import Worker

struct DLQReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send dead letters back to the queue, where they are decided afresh.",
        discussion: """
            Each message is sent first and deleted after, so that it can be interrupted at any moment; what was sent twice is a \
            duplicate, which the worker recognises.
            """
    )

    @OptionGroup var filter: DeadLetterFilterOptions

    @Flag(name: .customLong("dry-run"), help: "Only say what would be sent.")
    var isDryRun = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var options: DeadLetterOptions

    func run() async throws {
        let filter = try filter.filter(now: Date())
        try await options.withQueues { queue, source in
            var printer = RowPrinter(
                format: format.format,
                columns: DeadLetter.columns,
                tableColumns: DeadLetter.tableColumns
            )
            var count = 0
            defer {
                printer.finish()
                complain(isDryRun ? "would replay \(count)" : "replayed \(count)")
            }
            if isDryRun {
                try await queue.list(filter) {
                    printer.print(Row(DeadLetter.columns, $0.values))
                    count += 1
                }
            } else {
                try await queue.replay(filter, to: source) {
                    printer.print(Row(DeadLetter.columns, $0.values))
                    count += 1
                }
            }
        }
    }
}
