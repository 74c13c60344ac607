import AWSClient
import ArgumentParser
import Foundation
import Ledger
import Logging
import SecurityGroups
import Telemetry
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

    @OptionGroup var status: StatusSettings
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        Self.ignoreSignals()
        let settings = try config.settings()
        let logger = try log.logger(settings)
        // A missing queue is reported before any error of the policy.
        _ = try worker.queue.queueURL(settings)
        let source = try worker.policy.source(settings)
        let stamp = source.path.flatMap(PolicyReloader.Stamp.init(path:))
        var options = try options(settings, source.load())
        let registry = MetricRegistry()
        options.metrics = WorkerMetrics(registry)
        let address = try status.address(settings)
        let isEmbedding = try status.isEmbedding(settings)
        let session = try await aws.session(settings, logger: logger, metrics: registry)
        options.roles = try worker.ec2.roles(settings, base: session)
        let name = "\(hostName()):\(ProcessInfo.processInfo.processIdentifier)"
        let worker = RevertWorker(
            options: options,
            session: session,
            ledger: try openLedger(settings, worker: name, logger),
            name: name,
            logger: logger
        )
        let service = StatusService(worker: worker, registry: registry, wait: options.wait)
        let server = try address.map { try Self.server($0, service) }
        let reloader = PolicyReloader(source: source, stamp: stamp, options, logger: logger)
        let report = StartReport(session: session, options: options, source: source, logger: logger)
        let manager = ServiceManager(environment: settings.environment)
        try await run(worker, options, manager, report) { group in
            group.addTask { await manager?.keepWatch { service.isAlive } }
            group.addTask { await reloader.watch(clock: .system) }
            group.addTask { for await _ in await UnixSignalsSequence(trapping: .sighup) { reloader.reload() } }
            if let server { group.addTask { await server.run() } }
            if isEmbedding { group.addTask { await service.embed() } }
        }
    }

    private static func ignoreSignals() {
        // If the size of files is limited, a write fails as on a full disk. Without this line it would end the process.
        signal(SIGXFSZ, SIG_IGN)
        // The worker goes on if the reader of its log has ended.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Creates the server of the status endpoint, which listens from now on.
    private static func server(_ address: StatusAddress, _ service: StatusService) throws -> StatusServer {
        do {
            return try StatusServer(address, routes: service.routes)
        } catch {
            throw RunFailure(description: "\(error)")
        }
    }

    private func openLedger(_ settings: Settings, worker name: String, _ logger: Logger) throws -> LedgerDatabase {
        do {
            return try LedgerDatabase.ofWorker(name, at: worker.ledger.path(settings), logger)
        } catch let error as LedgerError {
            throw RunFailure(description: "\(error)", exitCode: error.isSetting ? 78 : 1)
        }
    }

    /// Runs the worker, and beside it the tasks that end with it.
    ///
    /// - Parameter addTasks: Adds further tasks.
    /// - Throws: `RunFailure`, also for messages that the stop's bound abandoned.
    private func run(
        _ worker: RevertWorker,
        _ options: WorkerOptions,
        _ manager: ServiceManager?,
        _ report: StartReport,
        beside addTasks: (inout ThrowingTaskGroup<Void, any Error>) -> Void
    ) async throws {
        let stop = StopSignal()
        let signals = TerminationSignals(bound: options.shutdown + .seconds(3)) {
            stop.request()
            manager?.stopping()
        }
        defer { signals.cancel() }
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        let abandoned = try await withThrowingTaskGroup(of: Void.self) { group in
            addTasks(&group)
            group.addTask {
                // By then every message of an idle start has been handled.
                guard (try? await Task.sleep(for: .seconds(10))) != nil else { return }
                HostSystem.releaseStartCode()
                while (try? await Task.sleep(for: .seconds(60))) != nil { HostSystem.releaseFreeMemory() }
            }
            group.addTask { for await _ in starts { await report.tellIdentity() } }
            defer { group.cancelAll() }
            return try await callingAWS {
                try await worker.run(stop: stop) {
                    manager?.ready()
                    report.tellSettings()
                    start.yield()
                }
            }
        }
        guard abandoned.isEmpty else {
            let ids = abandoned.sorted().joined(separator: ", ")
            throw RunFailure(description: "stopped with work left to the queue, messages \(ids)")
        }
    }

    private func options(_ settings: Settings, _ policy: Policy) throws -> WorkerOptions {
        var options = try worker.options(settings, policy: policy)
        options.isUntilEmpty = isUntilEmpty
        return options
    }
}
