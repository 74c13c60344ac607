import ArgumentParser

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
