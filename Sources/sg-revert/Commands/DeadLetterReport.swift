import Formats
import Worker

/// The output of a command that goes through the dead-letter queue: letters on stdout, progress and errors on stderr.
struct DeadLetterReport {
    private var printer: RowPrinter
    private var progress: ProgressBar
    private let url: String
    private(set) var count = 0
    private(set) var failures = 0

    init(of queue: DeadLetterQueue, limit: Int?, format: OutputFormat) async throws {
        url = queue.url
        progress = ProgressBar("reading", total: min(try await queue.approximateCount(), limit ?? .max))
        printer = RowPrinter(format: format, columns: DeadLetter.columns, tableColumns: DeadLetter.tableColumns)
    }

    /// Prints a letter that is finished.
    mutating func take(_ letter: DeadLetter) {
        printer.print(Row(DeadLetter.columns, letter.values))
        progress.advance()
        count += 1
    }

    /// Prints an error about a letter.
    mutating func take(_ trouble: PassTrouble) {
        progress.clear()
        complain("\(trouble)")
        if trouble.isFailure { failures += 1 }
    }

    /// Ends the output, whatever else happens.
    mutating func finish() {
        progress.clear()
        printer.finish()
    }

    /// Prints how many letters were handled.
    ///
    /// - Parameters:
    ///   - verb: What was done with them.
    ///   - matches: The number of letters that matched the filter.
    ///   - eventID: The event that the filter asked for.
    /// - Throws: `RunFailure` if a letter failed, or if none has the event.
    func conclude(_ verb: String, hint: String = "", matches: Int, eventID: String?) throws(RunFailure) {
        complain("\(verb) \(count)\(hint)")
        if failures > 0 {
            throw RunFailure(
                description: "\(failures) failed, named above; they are still in \(plainText(url, limit: 300))"
            )
        }
        guard matches == 0, let eventID else { return }
        throw RunFailure(
            description:
                "no dead letter in \(plainText(url, limit: 300)) has the event \(plainText(eventID, limit: 200)); see dlq list"
        )
    }
}
