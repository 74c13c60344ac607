import ArgumentParser
import Foundation
import Ledger

struct AuditReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one page that answers what happened.",
        discussion: """
            A self-contained HTML file: nothing in it is loaded from elsewhere, so that it can be mailed, opened from disk, and \
            printed. The sums are over all events that the filters let through; the table has the newest of them. With a policy \
            the page also shows the temporary access that the policy file gives.
            """
    )

    @Option(
        help: ArgumentHelp("The page to write, replaced if it is there; - for standard output.", valueName: "file"),
        completion: .file(extensions: ["html"])
    )
    var html: String

    @Option(.policy)
    var policy: String?

    @OptionGroup var ledger: AuditLedgerOptions
    @OptionGroup var filter: EventFilterOptions

    @Option(help: ArgumentHelp("At most so many events in the table, 0 for all.", valueName: "n"))
    var limit = 2000

    @OptionGroup var config: ConfigOptions

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more") }
    }

    func run() async throws {
        let settings = try config.settings()
        let now = Date()
        let filter = try filter.filter(now: now)
        let policy = try settings.text(policy, .policy).map { try PolicySource.file($0).load() }
        let page = try await asking {
            var page = ReportPage(made: now, filter: filter)
            if let policy { page.add(policy) }
            let readers = try ledger.readers(settings)
            for reader in readers {
                let groups = filter.group.map { [$0] } ?? []
                page.add(
                    standing: try reader.standingRules(in: groups, isUnexplained: true),
                    exemptions: try reader.exemptions()
                )
            }
            try eachEvent(of: readers, matching: filter) { event, rules in
                page.add(event, rules, isListed: limit == 0 || page.listed < limit)
            }
            return page
        }
        guard html != "-" else { return StandardOutput.write(page.html) }
        try OutputFile.replace(html, with: Array(page.html.utf8))
    }
}
