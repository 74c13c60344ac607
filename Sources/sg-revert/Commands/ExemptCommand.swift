import ArgumentParser
import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

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
            It holds from now on in every worker of the ledger, and with --claims on every host that shares the table, from the \
            next event on that the host receives. What was added under it and still stands is reverted within two minutes after \
            its end, unless the policy allows it by then. People are told of its beginning and its end.
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
    @OptionGroup var shared: ExemptionTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let new = try exemption(now: Date())
        for warning in Self.warnings(of: new) { complain("warning: \(warning)") }
        let path = try ledger.path(settings)
        let table = try await shared.table(settings)
        let (exemption, failure) = try await asking {
            let ledger = try LedgerDatabase(path: path, worker: new.madeBy) { Date() }
            var exemption = new
            var failure: (any Error)?
            if let table {
                do {
                    try await table.add(exemption)
                    exemption.sharedAt = Date()
                } catch {
                    failure = error
                }
            }
            let added = exemption
            try await ledger.write { try $0.add(added) }
            return (added, failure)
        }
        StandardOutput.write("\(exemption.id)\n")
        if let failure {
            throw RunFailure(
                description: "\(exemption.id) holds in this ledger alone, and on no other host: \(errorText(failure))"
            )
        }
    }

    /// The warnings about an exemption that is wider or longer than a careful person would make it.
    static func warnings(of exemption: TemporaryExemption) -> [String] {
        var warnings: [String] = []
        if Wildcard(exemption.principal).isAnyCaller {
            warnings.append("\(plainText(exemption.principal)) exempts everybody, in every account")
        }
        if exemption.until.timeIntervalSince(exemption.from) > 86_400 {
            warnings.append(
                "it holds for more than 24 hours; an exempt entry of the policy file is seen by whoever reviews the policy"
            )
        }
        return warnings
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
        abstract: "List the temporary exemptions of the ledger, and with --claims of the table that hosts share."
    )

    @Flag(help: "Also those that have ended.")
    var all = false

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: ExemptionTableOptions
    @OptionGroup var config: ConfigOptions

    static let columns = TemporaryExemption.columns + ["kept_in"]
    private static let tableColumns = [
        "id", "principal", "group_id", "until", "then", "reason", "made_by", "state", "kept_in",
    ]

    func run() async throws {
        let settings = try config.settings()
        let path = try ledger.path(settings)
        let style = try format.style(among: Self.columns)
        let now = Date()
        let table = try await shared.table(settings)
        var inTable: SharedExemptions?
        var failure: (any Error)?
        do {
            inTable = try await table?.read()
        } catch {
            failure = error
        }
        // A machine that runs no worker has no ledger, and may ask the table.
        let isThere = table == nil || FileManager.default.fileExists(atPath: path)
        let inLedger = isThere ? try await asking { try LedgerReader(path: path).exemptions() } : []
        let listed = ListedExemption.all(ledger: inLedger, table: inTable?.exemptions)
        var printer = RowPrinter(
            format: format.format,
            columns: Self.columns,
            tableColumns: Self.tableColumns,
            style: style
        )
        for row in listed where all || row.exemption.end > now {
            printer.print(Row(Self.columns, row.exemption.values(at: now) + [.text(row.keptIn.rawValue)]))
        }
        printer.finish()
        if let odd = inTable?.odd, !odd.isEmpty {
            let names = odd.prefix(5).map { plainText($0, limit: 40) }.joined(separator: ", ")
            complain("warning: the table has \(odd.count) that no command wrote and that exempt nobody: \(names)")
        }
        if let failure { throw RunFailure(description: "the list is of this ledger alone: \(errorText(failure))") }
    }
}

/// A temporary exemption, and where it is kept.
struct ListedExemption: Hashable {
    enum Place: String {
        case ledger
        case table
        case both = "ledger and table"
    }

    let exemption: TemporaryExemption
    let keptIn: Place

    /// The exemptions of a ledger and of the table, the oldest first. One that is in both has ended where either says so.
    ///
    /// - Parameter table: What the table has; nil where it was not read, and then the ledger says what is there, too.
    static func all(ledger: [TemporaryExemption], table: [TemporaryExemption]?) -> [Self] {
        let there = Dictionary((table ?? []).map { ($0.id, $0) }) { $1 }
        let known = Set(ledger.map(\.id))
        let here = ledger.map { mine in
            let isShared = table == nil ? mine.sharedAt != nil : there[mine.id] != nil
            let soonest = [mine, there[mine.id]].compactMap(\.self).min { $0.end < $1.end } ?? mine
            return Self(exemption: soonest, keptIn: isShared ? .both : .ledger)
        }
        let others = (table ?? []).filter { !known.contains($0.id) }.map { Self(exemption: $0, keptIn: .table) }
        return (here + others).sorted { ($0.exemption.from, $0.exemption.id) < ($1.exemption.from, $1.exemption.id) }
    }
}

struct ExemptEndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end",
        abstract: "End a temporary exemption now.",
        discussion:
            "One that is in the table that hosts share ends on every host with --claims, and without it in this ledger alone."
    )

    @Argument(help: "The exemption's id.")
    var id: String

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: ExemptionTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let path = try ledger.path(settings)
        let (id, person) = (id, personName())
        let table = try await shared.table(settings)
        var inTable: TemporaryExemption?
        var failure: (any Error)?
        do {
            inTable = try await table?.end(id, by: person)
        } catch {
            failure = error
        }
        let time = inTable?.endedAt
        // A machine that runs no worker has no ledger, and may end what is in the table.
        let isThere = table == nil || FileManager.default.fileExists(atPath: path)
        let inLedger = try await asking {
            guard isThere else { return TemporaryExemption?.none }
            let ledger = try LedgerDatabase.existing(at: path, by: person)
            return try await ledger.write { try $0.endExemption(id, by: person, at: time) }
        }
        if inTable == nil, inLedger == nil {
            throw RunFailure(
                description: failure.map(errorText)
                    ?? "there is no exemption \(plainText(id)) that has not ended; see sg-revert exempt list"
            )
        }
        StandardOutput.write("ended \(id)\n")
        if let failure {
            throw RunFailure(
                description:
                    "\(id) ended in this ledger alone; run it again once the table answers: \(errorText(failure))"
            )
        }
        if table == nil, inLedger?.sharedAt != nil {
            throw RunFailure(
                description:
                    "\(id) ended in this ledger alone; the table that hosts share has it, too: run it again with --claims"
            )
        }
    }
}
