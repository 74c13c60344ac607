import ArgumentParser
import Formats
import Ledger
import SecurityGroups
import Worker

struct BaselineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "See and change which rules may stand although the policy does not name them.",
        subcommands: [BaselineShowCommand.self, BaselineApproveCommand.self, BaselineForgetCommand.self]
    )
}

struct BaselineShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "List what stood at the last look, and why it may.",
        discussion: """
            Columns (the ledger's view standing_rules):
            \(columnHelp(AuditColumn.standing))
            """
    )

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp("The rules of this group only (repeatable).", valueName: "id")
    )
    var groups: [String] = []

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    private static let tableColumns = [
        "group_id", "rule_id", "direction", "protocol", "from_port", "to_port", "source", "known_by", "approved_by",
    ]

    func run() async throws {
        let path = try ledger.path(config.settings())
        let style = try format.style(among: AuditStandingRule.columns)
        let rules = try await asking { try LedgerReader(path: path).standingRules(in: groups) }
        var printer = RowPrinter(
            format: format.format,
            columns: AuditStandingRule.columns,
            tableColumns: Self.tableColumns,
            style: style
        )
        for rule in rules { printer.print(Row(AuditStandingRule.columns, rule.values)) }
        printer.finish()
    }
}

/// Selects standing rules: by id, or all of a group.
struct ChosenRules: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids of rules.", valueName: "rule-id"))
    var rules: [String] = []

    @Option(help: ArgumentHelp("All rules that stand in this group.", valueName: "id"))
    var group: String?

    func validate() throws {
        guard rules.isEmpty != (group == nil) else {
            throw ValidationError("give the ids of rules, or --group with the id of a group")
        }
    }

    /// Runs `body` on each of them in one transaction of the ledger, prints a line for each, and then tells the other hosts.
    ///
    /// - Parameters:
    ///   - done: What is done with a rule, as the line begins.
    ///   - tell: Tells the other hosts, if there are any.
    /// - Throws: `RunFailure` if a rule does not stand, and then nothing is changed, or if the other hosts could not be told.
    func change(
        in path: String,
        _ done: String,
        _ body: @escaping @Sendable (LedgerTransaction, LedgerTransaction.Chosen) throws -> [String],
        tell: ([StandingRule]) async throws -> Void
    ) async throws {
        let chosen: [LedgerTransaction.Chosen] = group.map { [.group($0)] } ?? rules.map { .rule($0) }
        let (ids, standing) = try await asking {
            let ledger = try LedgerDatabase.existing(at: path, by: personName())
            return try await ledger.write { transaction in
                let ids = try chosen.flatMap { one in
                    let ids = try body(transaction, one)
                    guard !ids.isEmpty else { throw RunFailure(description: Self.unknown(one)) }
                    return ids
                }
                return (ids, try chosen.flatMap { try transaction.standing($0) })
            }
        }
        StandardOutput.write(ids.map { "\(done) \($0)\n" }.joined())
        do {
            try await tell(standing)
        } catch {
            throw RunFailure(
                description: "\(done) in this ledger alone, and on no other host: \(errorText(error)). "
                    + "Run it again once the table answers"
            )
        }
    }

    private static func unknown(_ chosen: LedgerTransaction.Chosen) -> String {
        switch chosen {
        case .rule(let id): "the ledger knows no standing rule \(plainText(id)): run sg-revert sweep first"
        case .group(let id): "the ledger knows no standing rule of \(plainText(id)): run sg-revert sweep first"
        }
    }
}

struct BaselineApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Say that rules may stand. Who and when is in the trail.",
        discussion: "It holds in this ledger, and with --claims on every host that shares the table."
    )

    @OptionGroup var chosen: ChosenRules

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String?

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let (person, reason) = (personName(), reason)
        let table = try await shared.baseline(settings)
        try await chosen.change(in: ledger.path(settings), "approved") { transaction, chosen in
            try transaction.approve(chosen, by: person, reason: reason)
        } tell: { rules in
            try await table?.approve(rules, by: person)
        }
    }
}

struct BaselineForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Take approvals back. What the policy does not allow then stands without a reason, and is swept.",
        discussion: """
            The worker of this ledger sweeps it. With --claims it also takes back what other hosts have said for the rules in the \
            table that hosts share; without, such a rule goes on standing.
            """
    )

    @OptionGroup var chosen: ChosenRules
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let person = personName()
        let table = try await shared.baseline(settings)
        try await chosen.change(in: ledger.path(settings), "forgot") { transaction, chosen in
            try transaction.forget(chosen, by: person)
        } tell: { rules in
            try await table?.forget(rules, by: person)
        }
    }
}
