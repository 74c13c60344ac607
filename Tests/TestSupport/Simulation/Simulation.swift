import Foundation
import Ledger
package import Logging
import Synchronization
import TestSupport

/// One run of the whole guard in a simulated account: callers, forgers and bad days for some minutes, then calm, then the checks.
package struct Simulation: Sendable {
    /// What a simulation came to.
    package struct Report: Sendable {
        package var seed: UInt64
        /// The digest of all that happened.
        package var digest: UInt64 = 0
        /// How many messages with records were put on the queue, and lies beside them.
        package var records = 0
        package var forged = 0
        package var lost = 0
        /// How many events sg-revert made itself.
        package var own = 0
        /// How many rules the guard removed, changed or put back.
        package var changes = 0
        package var calls = 0
        /// How long it all took, in virtual time.
        package var elapsed: Duration = .zero
        /// What must not be so at the end, in words; empty for a good run.
        package var problems: [String] = []

        /// The report of a simulation that has not run yet.
        package init(seed: UInt64) {
            self.seed = seed
        }
    }

    /// Longer than the longest wait of a message.
    private static let patience: Duration = .seconds(6 * 3600)

    private let seed: UInt64
    private let hosts: Int
    private let directory: String
    private let fault: SimulatedFault?
    private let output: (@Sendable (String) -> Void)?
    private let logger: Logger

    /// - Parameters:
    ///   - hosts: how many machines there are, each with a ledger of its own; several share a table.
    ///   - directory: where the ledgers are made. It is removed at the end.
    ///   - fault: a fault of the world that no guard can make good.
    ///   - output: gets the trace, line by line.
    package init(
        seed: UInt64,
        hosts: Int = 1,
        directory: String,
        fault: SimulatedFault? = nil,
        output: (@Sendable (String) -> Void)? = nil,
        logger: Logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.seed = seed
        self.hosts = hosts
        self.directory = directory
        self.fault = fault
        self.output = output
        self.logger = logger
    }

    /// Runs to the end, in virtual time, on the caller's thread.
    package func run() throws -> Report {
        // A simulator that was killed may have left its ledger.
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let plan = SimulatedPlan(seed: seed, hosts: hosts)
        let machine = SimulatedMachine(seed: seed)
        let aws = SimulatedAWS(
            machine: machine,
            seed: seed,
            weather: plan.weather,
            maxReceiveCount: plan.maxReceiveCount,
            trace: SimulatedTrace(output: output)
        )
        aws.note("\(plan)")
        let policy = try plan.policy.read(trustsFirstSight: plan.trustsFirstSight)
        let machines = try (1...plan.hosts).map { number in
            let directory = "\(directory)/\(number)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            return SimulatedHost(
                aws: aws,
                policy: policy,
                snapshots: plan.snapshots,
                isShared: plan.hosts > 1,
                directory: directory,
                fault: fault,
                logger: logger
            )
        }
        let callers = SimulatedCallers(aws, plan)
        callers.prepare()
        let calm = SimulatedCalm(
            aws: aws,
            paths: machines.map(\.path),
            from: plan.end,
            quiet: plan.quiet,
            until: plan.end + Self.patience
        )
        var problems: [String] = []
        do {
            try live(machines, callers, calm, plan)
        } catch let error as SimulatedMachine.Stalled {
            problems.append("\(error)")
        }
        problems += machines.flatMap(\.problems)
        if fault == .editsLedger {
            for host in machines { host.edit("UPDATE events SET outcome = 'allowed' WHERE outcome = 'reverted'") }
        }
        var report = try SimulationChecks(
            seed: seed,
            aws: aws,
            plan: plan,
            policy: policy,
            narrowPolicy: plan.policy.read(isNarrow: true, trustsFirstSight: plan.trustsFirstSight),
            paths: machines.map(\.path)
        ).report()
        report.problems = problems + report.problems
        report.elapsed = machine.elapsed
        // What is killed may write when it is cleared; nobody is to read that.
        try FileManager.default.removeItem(atPath: directory)
        for host in machines { host.clear() }
        return report
    }

    private func live(
        _ hosts: [SimulatedHost],
        _ callers: SimulatedCallers,
        _ calm: SimulatedCalm,
        _ plan: SimulatedPlan
    ) throws {
        let isDone = Mutex(false)
        let machine = hosts[0].machine
        Task(executorPreference: SimulatedProcessor(machine)) {
            await withDiscardingTaskGroup { group in
                group.addTask { await callers.act(for: plan.storm) }
                group.addTask { await calm.watch() }
                group.addTask { await SimulatedOperator(hosts: hosts, plan: plan, fault: fault).act() }
                group.addTask {
                    while machine.elapsed < plan.storm {
                        try? await machine.sleep(.seconds(40))
                        for host in hosts { host.setClock() }
                    }
                }
                for number in 1...max(plan.processes, hosts.count) {
                    let host = hosts[number % hosts.count]
                    group.addTask { await host.run(number: number, storm: plan.storm) { calm.hasCome } }
                }
            }
            isDone.withLock { $0 = true }
        }
        try machine.run { isDone.withLock(\.self) }
    }
}
