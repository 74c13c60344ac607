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

    @Option(help: ArgumentHelp("At most so many messages a second.", valueName: "n"))
    var rate: Double?

    @OptionGroup var format: FormatOptions
    @OptionGroup var options: DeadLetterOptions

    func validate() throws {
        // Slower than one in ten seconds, and what is in hand would be visible again before its turn.
        guard (rate ?? 1) >= 0.1 else { throw ValidationError("--rate must be 0.1 or more") }
    }

    func run() async throws {
        let filter = try filter.filter(now: Date())
        try await options.withQueues { queue, source in
            var report = try await DeadLetterReport(of: queue, limit: self.filter.limit, format: format.format)
            defer { report.finish(isDryRun ? "would replay" : "replayed") }
            if isDryRun {
                try await queue.list(filter) { report.take($0) }
            } else {
                try await queue.replay(filter, to: source, rate: rate) { report.take($0) }
            }
        }
    }
}
