import ArgumentParser

struct DLQCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "See what failed, send it back, or throw it away.",
        subcommands: [DLQListCommand.self, DLQShowCommand.self, DLQReplayCommand.self, DLQDiscardCommand.self]
    )
}
