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
        guard (rate ?? 1) >= 0.001, rate?.isFinite != false else {
            throw ValidationError("--rate must be a number of 0.001 or more")
        }
    }

    func run() async throws {
        let filter = try filter.filter(now: Date())
        try await options.withQueues { work in
            var report = try await DeadLetterReport(of: work.queue, limit: self.filter.limit, format: format.format)
            defer { report.finish() }
            let matches =
                isDryRun
                ? try await work.queue.list(filter, stop: work.stop) {
                    report.take($0)
                } show: {
                    report.take($0)
                }
                : try await work.queue.replay(filter, to: work.sourceURL, rate: rate, stop: work.stop) {
                    report.take($0)
                } done: {
                    report.take($0)
                }
            try report.conclude(isDryRun ? "would replay" : "replayed", matches: matches, eventID: self.filter.eventID)
        }
    }
}
