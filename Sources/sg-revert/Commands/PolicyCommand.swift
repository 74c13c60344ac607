import ArgumentParser

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check a policy, and see what it would decide.",
        subcommands: [PolicyCheckCommand.self, PolicyExplainCommand.self]
    )
}
