import ArgumentParser
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check credentials, queue, redrive, permissions, ledger and policy, and say what to fix.",
        discussion: """
            Takes the worker's settings and changes nothing. Exit code 2 if a check found a problem. \
            No secret is ever shown.
            """
    )

    @OptionGroup var queue: QueueOptions

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var ledger: LedgerOptions

    @Option(.topicARN)
    var topicARN: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let doctor = Doctor(
            session: try await aws.session(settings, logger: log.logger(settings)),
            queueURL: try queue.queueURL(settings),
            deadLetterQueueURL: try queue.deadLetterQueueURL(settings),
            policy: try policySource(settings),
            ledgerPath: try ledger.path(settings),
            topicARN: try settings.text(topicARN, .topicARN),
            now: { Date() }
        )
        var printer = RowPrinter(
            format: format.format,
            columns: Doctor.Finding.columns,
            tableColumns: Doctor.Finding.columns
        )
        let findings = await doctor.findings()
        for finding in findings { printer.print(finding.row) }
        printer.finish()
        let problems = findings.filter { $0.status == .problem }.map(\.check)
        guard problems.isEmpty else {
            throw RunFailure(description: "problems with \(problems.joined(separator: ", "))", exitCode: 2)
        }
    }

    /// Where the policy is, or nil if nothing says so: that is for the doctor to find.
    private func policySource(_ settings: Settings) throws(SettingsError) -> PolicySource? {
        do throws(SettingsError) {
            return try policy.source(settings)
        } catch .missing {
            return nil
        }
    }
}
