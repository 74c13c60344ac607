import ArgumentParser
import Foundation
import Worker

struct DLQDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Delete dead letters for good.",
        discussion: "Only says what it would delete until --yes is given."
    )

    @OptionGroup var filter: DeadLetterFilterOptions

    @Flag(name: .customLong("yes"), help: "Really delete.")
    var isConfirmed = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var options: DeadLetterOptions

    func run() async throws {
        let filter = try filter.filter(now: Date())
        try await options.withQueues { work in
            var report = try await DeadLetterReport(of: work.queue, limit: self.filter.limit, format: format.format)
            defer { report.finish() }
            let matches =
                isConfirmed
                ? try await work.queue.discard(filter, stop: work.stop) {
                    report.take($0)
                } done: {
                    report.take($0)
                }
                : try await work.queue.list(filter, stop: work.stop) {
                    report.take($0)
                } show: {
                    report.take($0)
                }
            try report.conclude(
                isConfirmed ? "discarded" : "would discard",
                hint: isConfirmed ? "" : "; --yes does it",
                matches: matches,
                eventID: self.filter.eventID
            )
        }
    }
}
