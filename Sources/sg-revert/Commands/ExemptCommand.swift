import ArgumentParser

struct ExemptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exempt",
        abstract: "Let somebody change rules for a while, and close behind them.",
        subcommands: [ExemptListCommand.self, ExemptAddCommand.self, ExemptEndCommand.self]
    )
}
