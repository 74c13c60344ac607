import ArgumentParser
import Foundation
import SecurityGroups

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check everything that the worker needs, and say what to fix.",
        discussion: """
            Takes the worker's settings, asks AWS for each call that the worker makes in a form that changes nothing, and \
            runs every check although others fail. What has no harmless form is "not-tried". Exit code 2 if a check found a \
            problem. No secret is ever shown.

            The worker needs a role of its own. It knows its own calls by their request id, then by its role, so that a \
            change that a person makes with the worker's role may count as the worker's own.
            """
    )

    @OptionGroup var worker: WorkerSettings
    @OptionGroup var format: FormatOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let (setup, problems) = try await setup(settings)
        var printer = RowPrinter(format: format.format, columns: Finding.columns, tableColumns: Finding.columns)
        let findings = problems + (await Doctor(setup: setup, now: { Date() }).findings())
        // One line for each check. Findings about the settings come first.
        var seen: Set<String> = []
        let shown = findings.filter { seen.insert($0.check).inserted }
        for finding in shown { printer.print(finding.row) }
        printer.finish()
        let failed = shown.filter { $0.status == .problem }.map(\.check)
        guard failed.isEmpty else {
            throw RunFailure(description: "problems with \(failed.joined(separator: ", "))", exitCode: 2)
        }
    }

    /// Reads the settings. Each setting that cannot be used becomes a finding.
    private func setup(_ settings: Settings) async throws -> (Doctor.Setup, [Finding]) {
        var setup = Doctor.Setup()
        var problems: [Finding] = []
        /// Records an error as a finding. A flag that cannot be read is wrong usage and is thrown.
        func note(_ check: String, _ error: any Error, fix: String) throws {
            if let failure = error as? any CommandFailure, failure.exitCode == 64 { throw failure }
            problems.append(.problem(check, errorText(error), fix: fix))
        }
        do {
            setup.session = try await aws.session(settings, logger: log.logger(settings))
        } catch {
            try note("session", error, fix: "correct the setting that the message names")
        }
        do { setup.roles = try setup.session.flatMap { try worker.roles(settings, base: $0) } } catch {
            try note("role", error, fix: "correct --role-arn")
        }
        do { setup.queueURL = try worker.queue.queueURL(settings) } catch {
            try note("queue", error, fix: "set --queue-url to the URL of the queue that EventBridge fills")
        }
        do { setup.deadLetterQueueURL = try worker.queue.deadLetterQueueURL(settings) } catch {
            try note(
                "redrive",
                error,
                fix: "correct --dead-letter-queue-url, or leave it to the queue's redrive policy"
            )
        }
        do {
            let source = try worker.policy.source(settings)
            setup.policySource = source
            setup.policy = try source.load()
        } catch {
            try note("policy", error, fix: "set --policy or --group; see sg-revert policy check")
        }
        do { setup.ledgerPath = try worker.ledger.path(settings) } catch {
            try note("ledger", error, fix: "set --ledger")
        }
        do { setup.topicARN = try worker.topic(settings) ?? setup.policy?.topicARN } catch {
            try note("topic", error, fix: "set --topic-arn to the topic's ARN")
        }
        do {
            setup.webhook = try worker.notify.webhook(settings)
        } catch {
            try note(
                "webhook",
                error,
                fix: "set --webhook-url to an https URL, and --webhook-secret-file to a file with a secret"
            )
        }
        do { setup.eventBus = try worker.notify.bus(settings) } catch {
            try note("event-bus", error, fix: "set --event-bus to the name or ARN of a bus")
        }
        do {
            setup.regions = try worker.regions(settings)
        } catch {
            try note("regions", error, fix: "correct --regions")
        }
        setup.trustsOnlySome = settings.origin(worker.trustedSenders, .trustedSenders) != nil
        do { setup.isDryRun = try settings.isOn(worker.isDryRun, .dryRun) } catch {
            try note("dry-run", error, fix: "set SG_REVERT_DRY_RUN to true or false")
        }
        do { _ = try worker.options(settings, policy: setup.policy ?? .watching([])) } catch {
            if problems.isEmpty { try note("settings", error, fix: "correct the setting that the message names") }
        }
        return (setup, problems)
    }
}
