import ArgumentParser
import Formats
import Foundation
import Ledger
import SecurityGroups

struct ExemptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exempt",
        abstract: "Let somebody change rules for a while, and close behind them.",
        subcommands: [ExemptListCommand.self, ExemptAddCommand.self, ExemptEndCommand.self]
    )
}

struct ExemptAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Begin a temporary exemption, and print its id.",
        discussion: """
            It holds from now on in every worker of the ledger. What was added under it and still stands is reverted within two \
            minutes after its end, unless the policy allows it by then. People are told of its beginning and its end.
            """
    )

    @Option(help: ArgumentHelp("Who: the ARN of a role or user, * and ? as wildcards.", valueName: "arn"))
    var principal: String

    @Option(help: ArgumentHelp("In this group only.", valueName: "id"))
    var group: String?

    @Option(name: .customLong("for"), help: ArgumentHelp("How long, such as 2h.", valueName: "duration"))
    var length: String

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String

    @Option(
        help: ArgumentHelp(
            "revert or leave: what becomes of the rules at the end. (default: revert)",
            valueName: "what"
        )
    )
    var then: String?

    @Option(help: ArgumentHelp("Remind people so long before the end.", valueName: "duration"))
    var remind: String?

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let exemption = try exemption(now: Date())
        let path = try ledger.path(config.settings())
        try await asking {
            let ledger = try LedgerDatabase(path: path, worker: exemption.madeBy) { Date() }
            try await ledger.write { try $0.add(exemption) }
        }
        StandardOutput.write("\(exemption.id)\n")
    }

    private func exemption(now: Date) throws -> TemporaryExemption {
        guard principal.hasPrefix("arn:") else {
            throw ValidationError("--principal: \"\(plainText(principal))\" is not the ARN of a role or user")
        }
        guard !principal.contains(":assumed-role/") else {
            throw ValidationError(
                "--principal: a session's ARN is nobody's; name the role, arn:aws:iam::ACCOUNT:role/NAME"
            )
        }
        let group = try group.map { try groupID($0, flag: "--group").description }
        guard !reason.isBlank else { throw ValidationError("--reason: say why") }
        let then: Exemption.End? = try then.map { try choice($0, flag: "--then") }
        let length = try duration(length, flag: "--for")
        return TemporaryExemption(
            id: "ex-" + String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16),
            principal: principal,
            groupID: group,
            from: now,
            until: now.addingTimeInterval(Double(length.components.seconds)),
            then: then ?? .revert,
            remind: try remind.map { try duration($0, flag: "--remind") },
            reason: reason,
            madeBy: personName()
        )
    }
}

struct ExemptListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the temporary exemptions of the ledger."
    )

    @Flag(help: "Also those that have ended.")
    var all = false

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    private static let tableColumns = ["id", "principal", "group_id", "until", "then", "reason", "made_by", "state"]

    func run() async throws {
        let path = try ledger.path(config.settings())
        let style = try format.style(among: TemporaryExemption.columns)
        let now = Date()
        let exemptions = try await asking { try LedgerReader(path: path).exemptions() }.filter { all || $0.end > now }
        var printer = RowPrinter(
            format: format.format,
            columns: TemporaryExemption.columns,
            tableColumns: Self.tableColumns,
            style: style
        )
        for exemption in exemptions { printer.print(Row(TemporaryExemption.columns, exemption.values(at: now))) }
        printer.finish()
    }
}

struct ExemptEndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end",
        abstract: "End a temporary exemption now."
    )

    @Argument(help: "The exemption's id.")
    var id: String

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let path = try ledger.path(config.settings())
        let (id, person) = (id, personName())
        let ended = try await asking {
            let ledger = try LedgerDatabase.existing(at: path, by: person)
            return try await ledger.write { try $0.endExemption(id, by: person) }
        }
        guard ended != nil else {
            throw RunFailure(
                description: "there is no exemption \(plainText(id)) that has not ended; see sg-revert exempt list"
            )
        }
        StandardOutput.write("ended \(id)\n")
    }
}
