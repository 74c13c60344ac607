import ArgumentParser

/// The program: one subcommand for each thing that it does.
struct SgRevert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sg-revert",
        abstract: "Reverts forbidden changes to AWS security groups within seconds, and keeps the record.",
        version: Version.text,
        subcommands: [
            WorkerCommand.self, DLQCommand.self, AuditCommand.self, PolicyCommand.self, DoctorCommand.self,
            TestEventCommand.self, HealthCommand.self,
        ]
    )
}
