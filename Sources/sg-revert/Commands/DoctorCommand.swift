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

    /// The advice for each setting that cannot be used, by the name of its check.
    private static let fixes = [
        "role": "correct --role-arn",
        "queue": "set --queue-url to the URL of the queue that EventBridge fills",
        "redrive": "correct --dead-letter-queue-url, or leave it to the queue's redrive policy",
        "policy": "set --policy or --group; see sg-revert policy check",
        "ledger": "set --ledger",
        "topic": "set --topic-arn to the topic's ARN",
        "webhook": "set --webhook-url to an https URL, and --webhook-secret-file to a file with a secret",
        "event-bus": "set --event-bus to the name or ARN of a bus",
        "regions": "correct --regions",
        "claims": "set --claims to dynamodb://TABLE",
        "dry-run": "set SG_REVERT_DRY_RUN to true or false",
    ]

    /// Reads the settings. Each setting that cannot be used becomes a finding.
    private func setup(_ settings: Settings) async throws -> (Doctor.Setup, [Finding]) {
        var setup = Doctor.Setup()
        var problems: [Finding] = []
        /// Returns the value of a setting, or nil and a finding. A flag that cannot be read is wrong usage and is thrown.
        func read<Value>(_ check: String, _ body: () async throws -> Value?) async throws -> Value? {
            do {
                return try await body()
            } catch let failure as any CommandFailure where failure.exitCode == 64 {
                throw failure
            } catch {
                let fix = Self.fixes[check] ?? "correct the setting that the message names"
                problems.append(.problem(check, errorText(error), fix: fix))
                return nil
            }
        }
        let session = try await read("session") { try await aws.session(settings, logger: log.logger(settings)) }
        setup.session = session
        setup.roles = try await read("role") { try session.flatMap { try worker.ec2.roles(settings, base: $0) } }
        setup.queueURL = try await read("queue") { try worker.queue.queueURL(settings) }
        setup.deadLetterQueueURL = try await read("redrive") { try worker.queue.deadLetterQueueURL(settings) }
        let source = try await read("policy") { try worker.policy.source(settings) }
        let policy = try await read("policy") { try source?.load() }
        setup.policySource = source
        setup.policy = policy
        setup.ledgerPath = try await read("ledger") { try worker.ledger.path(settings) }
        setup.topicARN = try await read("topic") { try worker.notify.topic(settings) ?? policy?.topicARN }
        setup.webhook = try await read("webhook") { try worker.notify.webhook(settings) }
        setup.eventBus = try await read("event-bus") { try worker.notify.bus(settings) }
        setup.regions = try await read("regions") { try worker.ec2.regions(settings) } ?? []
        setup.claimsTable = try await read("claims") { try worker.claims.table(settings) }
        setup.trustsOnlySome = settings.origin(worker.trustedSenders, .trustedSenders) != nil
        setup.isDryRun = try await read("dry-run") { try settings.isOn(worker.isDryRun, .dryRun) } ?? false
        if problems.isEmpty {
            _ = try await read("settings") { try worker.options(settings, policy: policy ?? .watching([])) }
        }
        return (setup, problems)
    }
}
