import ArgumentParser
import Formats
import Worker

struct DLQShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print one dead letter whole, with its attributes and its body.",
        discussion: "The message is looked for in the queue, which counts as a receive of each message there."
    )

    @Argument(help: ArgumentHelp("The id of the event or of the message.", valueName: "event-id|message-id"))
    var id: String

    @OptionGroup var format: FormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var options: DeadLetterOptions

    func run() async throws {
        let errors = try LastErrors(path: ledger.path(options.config.settings()))
        try await options.withQueues { work in
            var found: DeadLetter?
            try await work.queue.list(DeadLetterFilter(id: id, limit: 1), stop: work.stop) {
                complain("\($0)")
            } show: {
                found = errors.complete($0)
            }
            try work.checkUninterrupted()
            guard let found else {
                throw RunFailure(
                    description: "no dead letter has \(plainText(id)) as its event or message; see dlq list"
                )
            }
            printWhole(Row(found.details.map(\.name), found.details.map(\.value)), format: format.format)
        }
    }
}
