import ArgumentParser
import Formats
import Ledger

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Ask the ledger what happened, and have it prove it.",
        subcommands: [
            AuditQueryCommand.self, AuditShowCommand.self, AuditStatsCommand.self, AuditReportCommand.self,
            AuditVerifyCommand.self, AuditExportCommand.self, AuditBackupCommand.self, AuditPruneCommand.self,
        ]
    )
}

/// Which ledgers to read as one.
struct AuditLedgerOptions: ParsableArguments {
    @Option(
        name: .customLong("ledger"),
        help: ArgumentHelp(
            "A ledger to read; repeated, those of several hosts as one. (default: the worker's)",
            valueName: "file"
        )
    )
    var ledgers: [String] = []

    /// The ledgers, none of which reading makes or changes.
    func readers(_ settings: Settings) throws -> [LedgerReader] {
        guard !ledgers.isEmpty else { return [try LedgerReader(path: LedgerOptions.path(nil, settings))] }
        return try ledgers.map { try LedgerReader(path: $0) }
    }
}

/// Reads every event of some ledgers that `filter` lets through, with a bar while it takes long.
func eachEvent(
    of readers: [LedgerReader],
    matching filter: EventFilter,
    _ body: (AuditEvent, [AuditRule]) -> Void
) throws {
    var progress = ProgressBar("reading", total: try readers.reduce(0) { try $0 + $1.count(matching: filter) })
    defer { progress.clear() }
    var events = EventStream(readers, matching: filter, withRules: true)
    while let (event, rules) = try events.next() {
        body(event, rules)
        progress.advance()
    }
}

/// Turns what a ledger says against a question into the program's one line: 2 where a check found a problem, else 1.
func asking<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    do {
        return try await body()
    } catch let finding as AuditFinding {
        throw RunFailure(description: "\(finding)", exitCode: 2)
    } catch let error as LedgerError {
        throw RunFailure(description: "\(error)")
    }
}
