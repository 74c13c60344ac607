import Formats
import Worker

/// What a command that goes through the dead-letter queue says: each letter on stdout, how far it is and how many on stderr.
struct DeadLetterReport {
    private var printer: RowPrinter
    private var progress: ProgressBar
    private var count = 0

    init(of queue: DeadLetterQueue, limit: Int?, format: OutputFormat) async throws {
        progress = ProgressBar("reading", total: min(try await queue.approximateCount(), limit ?? .max))
        printer = RowPrinter(format: format, columns: DeadLetter.columns, tableColumns: DeadLetter.tableColumns)
    }

    /// One letter is done with.
    mutating func take(_ letter: DeadLetter) {
        printer.print(Row(DeadLetter.columns, letter.values))
        progress.advance()
        count += 1
    }

    /// All are; `verb` says what was done with them.
    mutating func finish(_ verb: String, hint: String = "") {
        progress.clear()
        printer.finish()
        complain("\(verb) \(count)\(hint)")
    }
}
