import ArgumentParser
import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

struct SweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Look at what stands now; list or revert what nothing explains.",
        discussion: """
            Reads the rules of the watched groups once and writes what it sees into the ledger. A rule of a group that was never \
            looked at before is its baseline, unless the watch entry says baseline: policy. Lists the rules that no event, no \
            policy, no baseline and no exemption explains. With --revert each of them is judged as an event of its own, \
            once it has been seen for two settle times; in a dry run (SG_REVERT_DRY_RUN) it is only reported. Exit code 2 where \
            a rule is left, 1 where a group of --group could not be looked at.
            """
    )

    @OptionGroup var sweep: SweepSettings

    @Flag(help: "Revert what nothing explains, by the action of its watch entry.")
    var revert = false

    @OptionGroup var format: ListFormatOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    private static let columns = AuditStandingRule.columns + ["outcome"]
    private static let tableColumns = [
        "group_id", "rule_id", "direction", "protocol", "from_port", "to_port", "source", "first_seen", "known_by",
        "outcome",
    ]

    func run() async throws {
        let settings = try config.settings()
        let groups = try sweep.chosenGroups()
        let style = try format.style(among: Self.columns)
        let logger = try log.logger(settings)
        let session = try await aws.session(settings, logger: logger)
        let options = try sweep.options(settings, base: session)
        let path = try sweep.ledger.path(settings)
        let (left, look) = try await asking {
            let name = "sweep@\(hostName()):\(ProcessInfo.processInfo.processIdentifier)"
            let ledger = try LedgerDatabase.ofWorker(name, at: path, logger)
            let worker = RevertWorker(options: options, session: session, ledger: ledger, name: name, logger: logger)
            var rows: [AuditStandingRule] = []
            var look = SweptLook()
            let swept: [SweptRule]
            do {
                swept = try await worker.sweep(groups, isReverting: revert) { seen in
                    look = seen
                    rows = try Self.unexplained(of: seen, inLedger: path)
                }
            } catch let error where !(error is LedgerError) {
                throw RunFailure(description: errorText(error))
            }
            print(rows, swept, style)
            return (swept.filter { !$0.isSettled }, look)
        }
        try report(left, look, isOfGroups: !groups.isEmpty)
    }

    /// Says what was not looked at, and fails where a rule is left or a group was missed.
    private func report(_ left: [SweptRule], _ look: SweptLook, isOfGroups: Bool) throws {
        warn(of: look)
        guard left.isEmpty else {
            let words = Self.words(left.count, awaitsTable: left.contains(where: \.awaitsTable))
            throw RunFailure(description: words, exitCode: 2)
        }
        guard look.missed.isEmpty else {
            let names = look.missed.map(\.description).joined(separator: ", ")
            throw RunFailure(
                description:
                    "not looked at: \(names); EC2 does not show such a group in the Regions that are acted on, "
                    + "or the policy does not watch it"
            )
        }
        guard look.unreadPlaces.isEmpty || isOfGroups else {
            throw RunFailure(description: "what stands is not known where the rules could not be read")
        }
    }

    /// Says how many rules are left, and that nothing is reverted where the fleet's table does not answer.
    static func words(_ left: Int, awaitsTable: Bool) -> String {
        let words = (left == 1 ? "1 rule stands" : "\(left) rules stand") + " without a reason"
        guard awaitsTable else { return words }
        return words
            + " that this host knows; another host may know one, but the table of \(Setting.claims.flag) did not "
            + "answer, and nothing is reverted until it has answered for 3 minutes"
    }

    private static func unexplained(of look: SweptLook, inLedger path: String) throws -> [AuditStandingRule] {
        let ids = Set(look.rules.map(\.description))
        return try LedgerReader(path: path).standingRules(isUnexplained: true).filter {
            $0[.ruleID].text.map(ids.contains) ?? false
        }
    }

    /// Says which rules were not judged anew, since a prefix list could not be read.
    private func warn(of look: SweptLook) {
        for (place, error) in look.unreadPlaces.sorted(by: { $0.key < $1.key }) {
            complain("the rules of \(plainText(place)) could not be read: \(plainText(error))")
        }
        for (list, error) in look.unreadLists.sorted(by: { $0.key < $1.key }) {
            complain(
                "warning: \(plainText(list)) could not be read, so that known rules of it count as they did before: "
                    + plainText(error)
            )
        }
    }

    private func print(_ rows: [AuditStandingRule], _ swept: [SweptRule], _ style: TableLayout.Style) {
        let outcomes = Dictionary(swept.map { ($0.ruleID, $0.outcome) }) { first, _ in first }
        var printer = RowPrinter(
            format: format.format,
            columns: Self.columns,
            tableColumns: Self.tableColumns,
            style: style
        )
        for row in rows {
            let outcome = row[.ruleID].text.flatMap { outcomes[$0] ?? nil }
            printer.print(Row(Self.columns, row.values + [outcome.map { .text($0.rawValue) } ?? .null]))
        }
        printer.finish()
    }
}
