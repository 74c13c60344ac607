import AWSClient
import ArgumentParser
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

    @OptionGroup var worker: WorkerSettings

    @Flag(name: .customLong("until-empty"), help: "Stop once the queue is empty.")
    var isUntilEmpty = false

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
        let source = try worker.policy.source(settings)
        let stamp = source.path.flatMap(PolicyReloader.Stamp.init(path:))
        let options = try options(settings, source.load())
        let session = try await aws.session(settings, logger: logger)
        let name = "\(hostName()):\(ProcessInfo.processInfo.processIdentifier)"
        let ledger: LedgerDatabase
        do {
            ledger = try LedgerDatabase(path: worker.ledger.path(settings), worker: name, lease: WorkerOptions.lease) {
                Date()
            }
        } catch let error as LedgerError {
            throw RunFailure(description: "\(error)", exitCode: error.isSetting ? 78 : 1)
        }
        let worker = RevertWorker(options: options, session: session, ledger: ledger, name: name, logger: logger)
        let stop = StopSignal()
        let manager = ServiceManager(
            environment: settings.environment,
            processID: ProcessInfo.processInfo.processIdentifier
        )
        let signals = TerminationSignals(bound: options.shutdown + .seconds(3)) {
            stop.request()
            manager?.stopping()
        }
        let start = StartReport(session: session, options: options, source: source, logger: logger)
        let identity = Task { await start.tellIdentity() }
        let reloader = PolicyReloader(source: source, store: options.policies, stamp: stamp, logger: logger)
        let reloads = Task { await reloader.watch(clock: .system) }
        let hangups = Task {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { reloader.reload() }
        }
        let watch = Task { await manager?.keepWatch { isAlive(worker, wait: options.wait) } }
        start.tellSettings()
        defer {
            signals.cancel()
            identity.cancel()
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
            throw RunFailure(description: errorText(error))
        }
        guard abandoned.isEmpty else {
            throw RunFailure(
                description:
                    "stopped with work left to the queue, messages \(abandoned.sorted().joined(separator: ", "))"
            )
        }
    }

    private func options(_ settings: Settings, _ policy: Policy) throws -> WorkerOptions {
        var options = try worker.options(settings, policy: policy)
        options.isUntilEmpty = isUntilEmpty
        return options
    }

    /// Whether the poller has gone round in the time that a poll, an abandoned one, or a pause may take.
    private func isAlive(_ worker: RevertWorker, wait: Duration) -> Bool {
        Date().timeIntervalSince(worker.liveness.lastTurn) < Double(wait.components.seconds) + 45
    }
}
