import AWSClient
import ArgumentParser
import Formats
import Foundation
import Ledger
import SecurityGroups
import UnixSignals
import Worker

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Long-poll the queue and revert.",
        discussion: """
            Every setting is a flag, or an environment variable (--queue-url is SG_REVERT_QUEUE_URL, --group is \
            SG_REVERT_GROUPS with commas), or a key of the --config file. A changed policy file is read again within seconds, \
            and on SIGHUP; one that cannot be used is reported, and the policy before it holds on.
            """
    )

    @OptionGroup var queue: QueueOptions

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var ledger: LedgerOptions

    @Option(.topicARN)
    var topicARN: String?

    @Flag(.dryRun)
    var isDryRun = false

    @Option(.concurrency)
    var concurrency: String?

    @Flag(name: .customLong("until-empty"), help: "Stop once the queue is empty.")
    var isUntilEmpty = false

    @Option(.waitSeconds)
    var waitSeconds: String?

    @Option(.settleSeconds)
    var settleSeconds: String?

    @Option(.shutdownSeconds)
    var shutdownSeconds: String?

    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        // Where the size of files is limited, a write is to fail as on a full disk, and not to end the process.
        signal(SIGXFSZ, SIG_IGN)
        // Whoever read the log may go; the worker stays.
        signal(SIGPIPE, SIG_IGN)
        let settings = try config.settings()
        let logger = try log.logger(settings)
        let queueURL = try queue.queueURL(settings)
        let source = try policy.source(settings)
        let stamp = source.path.flatMap(PolicyReloader.Stamp.init(path:))
        let options = try options(settings, queueURL: queueURL, policy: source.load())
        let session = try await aws.session(settings, logger: logger)
        let name = "\(hostName()):\(ProcessInfo.processInfo.processIdentifier)"
        let ledger: LedgerDatabase
        do {
            ledger = try LedgerDatabase(path: self.ledger.path(settings), worker: name, lease: WorkerOptions.lease) {
                Date()
            }
        } catch let error as LedgerError {
            throw RunFailure(description: "\(error)", exitCode: 78)
        }
        let worker = RevertWorker(options: options, session: session, ledger: ledger, name: name, logger: logger)
        let stop = StopSignal()
        let manager = ServiceManager(
            environment: settings.environment,
            processID: ProcessInfo.processInfo.processIdentifier
        )
        let signals = Task { await watchSignals(stop, manager) }
        let reloader = PolicyReloader(source: source, store: options.policies, stamp: stamp, logger: logger)
        let reloads = Task { await reloader.watch(clock: .system) }
        let hangups = Task {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { reloader.reload() }
        }
        let watch = Task { await manager?.keepWatch { isAlive(worker, wait: options.wait) } }
        defer {
            signals.cancel()
            watch.cancel()
            reloads.cancel()
            hangups.cancel()
        }
        let abandoned: [String]
        do {
            abandoned = try await worker.run(stop: stop) { manager?.ready() }
        } catch let error as AWSClientError where error.isConfiguration {
            throw RunFailure(description: "\(error)", exitCode: 78)
        } catch {
            throw RunFailure(description: "\(error)")
        }
        guard abandoned.isEmpty else {
            throw RunFailure(
                description:
                    "stopped with work left to the queue, messages \(abandoned.sorted().joined(separator: ", "))"
            )
        }
    }

    private func options(_ settings: Settings, queueURL: String, policy: Policy) throws -> WorkerOptions {
        var options = WorkerOptions(queueURL: queueURL, policy: policy)
        options.deadLetterQueueURL = try queue.deadLetterQueueURL(settings)
        options.topicARN =
            try settings.value(topicARN, .topicARN, expected: "an SNS topic's ARN") { ARN($0) == nil ? nil : $0 }
            ?? policy.topicARN
        options.isDryRun = try settings.isOn(isDryRun, .dryRun)
        options.isUntilEmpty = isUntilEmpty
        options.concurrency = try settings.number(concurrency, .concurrency)
        options.wait = .seconds(try settings.number(waitSeconds, .waitSeconds))
        options.settle = .seconds(try settings.number(settleSeconds, .settleSeconds))
        options.shutdown = .seconds(try settings.number(shutdownSeconds, .shutdownSeconds))
        return options
    }

    /// Whether the poller has gone round in the time that a poll, an abandoned one, or a pause may take.
    private func isAlive(_ worker: RevertWorker, wait: Duration) -> Bool {
        Date().timeIntervalSince(worker.liveness.lastTurn) < Double(wait.components.seconds) + 45
    }

    /// The first SIGTERM or SIGINT asks for a graceful stop, the second ends the process at once.
    private func watchSignals(_ stop: StopSignal, _ manager: ServiceManager?) async {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            guard stop.isRequested else {
                stop.request()
                manager?.stopping()
                continue
            }
            complain("second signal (\(signal)): stopped at once, work in hand is left to the queue")
            _exit(1)
        }
    }
}
