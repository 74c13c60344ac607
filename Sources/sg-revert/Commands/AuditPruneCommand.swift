import ArgumentParser
import Foundation
import Ledger

struct AuditPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Drop old events; says only what it would drop until --yes is given.",
        discussion: """
            Never drops an event that is unfinished, whose notification is still to be sent, or that is younger than 28 days, \
            the time in which a duplicate or a replay can still come. A checkpoint entry keeps what is left of the trail \
            verifiable. The file keeps its size; SQLite uses the space again.
            """
    )

    @Option(
        name: .customLong("older-than"),
        help: ArgumentHelp("Drop what ended before this time, at least 28 days ago.", valueName: "time")
    )
    var olderThan: String

    @Flag(help: "Drop it, rather than say what would be dropped.")
    var yes = false

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let now = Date()
        let cutoff = try moment(olderThan, flag: "--older-than", now: now)
        guard cutoff <= now.addingTimeInterval(-LedgerDatabase.shortHorizon) else {
            throw ValidationError(
                "--older-than: less than 1 day is refused, since a duplicate or a replay could still come"
            )
        }
        let path = try ledger.path(config.settings())
        try await asking {
            let reader = try LedgerReader(path: path)
            guard yes else {
                let count = try reader.prunableCount(before: cutoff)
                StandardOutput.write("would drop \(count) events (--yes: drop them)\n")
                return
            }
            let total = try await prune(path, before: cutoff)
            StandardOutput.write("dropped \(total.events) events and \(total.entries) entries of the trail\n")
        }
    }

    private func prune(_ path: String, before cutoff: Date) async throws -> PruneCount {
        let ledger = try LedgerDatabase(path: path, worker: "prune@\(hostName())") { Date() }
        while try await ledger.write({ try $0.pruneMemory(before: cutoff) }) > 0 {}
        var total = PruneCount()
        while true {
            let count = try await ledger.write { try $0.prune(before: cutoff) }
            guard count.entries > 0 else { return total }
            total.events += count.events
            total.entries += count.entries
        }
    }
}
