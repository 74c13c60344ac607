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
        try await options.withQueues { queue, _ in
            var report = try await DeadLetterReport(of: queue, limit: self.filter.limit, format: format.format)
            defer {
                report.finish(isConfirmed ? "discarded" : "would discard", hint: isConfirmed ? "" : "; --yes does it")
            }
            if isConfirmed {
                try await queue.discard(filter) { report.take($0) }
            } else {
                try await queue.list(filter) { report.take($0) }
            }
        }
    }
}
