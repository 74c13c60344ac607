import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Ask the ledger what happened.",
        subcommands: [AuditQueryCommand.self]
    )
}
