import AWSClient
import Foundation
import GRDB
import Ledger
import Logging
import SecurityGroups
import Synchronization
import TestSupport
import Worker

/// A machine with one ledger and one clock, on which worker processes live one after another.
package final class SimulatedHost: Sendable {
    private struct State {
        /// By how much the wall clock is wrong.
        var skew: TimeInterval
        var lives: [SimulatedLife] = []
        var problems: [String] = []
        var policy: Policy
    }

    let aws: SimulatedAWS
    /// How often snapshots are taken; zero for never.
    let snapshots: Duration
    let fault: SimulatedFault?
    let logger: Logger
    /// True if it shares a table with other machines.
    private let isShared: Bool
    private let directory: String
    private let state: Mutex<State>

    /// A machine whose ledger is in `directory`.
    init(
        aws: SimulatedAWS,
        policy: Policy,
        snapshots: Duration,
        isShared: Bool,
        directory: String,
        fault: SimulatedFault?,
        logger: Logger
    ) {
        self.aws = aws
        self.snapshots = snapshots
        self.isShared = isShared
        self.directory = directory
        self.fault = fault
        self.logger = logger
        state = Mutex(State(skew: aws.with { Double(Int.random(in: -20...20, using: &$0.generator)) }, policy: policy))
    }

    var machine: SimulatedMachine { aws.machine }
    var path: String { directory + "/ledger.db" }
    /// What the processes did that no process may do.
    var problems: [String] { state.withLock(\.problems) }
    private var skew: TimeInterval { state.withLock(\.skew) }
    /// The time on the machine's clock.
    var now: Date { machine.now.addingTimeInterval(skew) }

    /// Runs workers, one after another, until `isOver`. None is killed or paused after the storm.
    func run(number: Int, storm: Duration, isOver: @Sendable () -> Bool) async {
        var count = 0
        while !isOver() {
            count += 1
            let name = "worker-\(number).\(count)"
            let isLast = machine.elapsed >= storm
            let lifetime = isLast ? .seconds(86_400) : aws.with { $0.generator.duration(15_000...150_000) }
            let ending = aws.with { $0.generator.pick([Ending.stop, .kill, .kill, .pause]) }
            let life = SimulatedLife(name: name, host: self)
            state.withLock { $0.lives.append(life) }
            aws.note("\(name) starts")
            do {
                let (worker, policies) = try worker(named: name)
                life.policies = policies
                life.start(worker)
            } catch {
                note("\(name) cannot start: \(error)")
                return
            }
            let end = machine.elapsed + lifetime
            await wait { machine.elapsed >= end || isOver() || (isLast == false && machine.elapsed >= storm) }
            if isLast || machine.elapsed >= storm {
                // The worker that lives when the storm ends goes on.
                await wait { isOver() }
                await stop(life)
            } else {
                await finish(life, ending)
            }
            try? await machine.sleep(aws.with { $0.generator.duration(100...8_000) })
        }
    }

    /// Sets the clock of the machine, as NTP or an operator does.
    func setClock() {
        let skew = aws.with { Double(Int.random(in: -30...30, using: &$0.generator)) }
        aws.note("the clock is \(skew) s wrong")
        state.withLock { $0.skew = skew }
    }

    /// Lets every process judge by `policy` from now on.
    func replacePolicy(with policy: Policy) {
        let lives = state.withLock { state in
            state.policy = policy
            return state.lives
        }
        for life in lives { life.policies?.replace(with: policy) }
    }

    /// The ledger, as a command on the machine opens it.
    func ledger(named name: String) throws -> LedgerDatabase {
        try LedgerDatabase(
            path: path,
            worker: name,
            lease: WorkerOptions.lease,
            writesOnCallersThread: true,
            now: { self.now }
        )
    }

    /// Changes the ledger behind the back of all processes.
    func edit(_ sql: String) {
        do { try DatabaseQueue(path: path).write { try $0.execute(sql: sql) } } catch { note("not edited: \(error)") }
    }

    /// Ends every process that was killed, now that nothing counts any more, so that nothing of it is left in memory.
    func clear() {
        for life in state.withLock(\.lives) { life.clear() }
    }

    func note(_ problem: String) {
        state.withLock { $0.problems.append(problem) }
    }

    private enum Ending { case stop, kill, pause }

    private func finish(_ life: SimulatedLife, _ ending: Ending) async {
        switch ending {
        case .stop:
            await stop(life)
        case .kill:
            aws.note("\(life.name) is killed")
            life.processor.halt()
        case .pause:
            let pause = aws.with { $0.generator.duration(5_000...100_000) }
            aws.note("\(life.name) is paused for \(pause.inSeconds) s")
            let start = machine.elapsed
            aws.with { $0.script.pauses.append(start..<(start + pause)) }
            life.processor.halt()
            try? await machine.sleep(pause)
            life.processor.resume()
            try? await machine.sleep(.seconds(5))
            await stop(life)
        }
    }

    private func stop(_ life: SimulatedLife) async {
        aws.note("\(life.name) is told to stop")
        life.stop.request()
        let bound = machine.elapsed + .seconds(45)
        await wait { life.isEnded || machine.elapsed > bound }
        if !life.isEnded { note("\(life.name) was told to stop and did not end within 45 s") }
        life.processor.halt()
    }

    private func wait(until condition: () -> Bool) async {
        while !condition(), (try? await machine.sleep(.milliseconds(500))) != nil {}
    }

    private func worker(named name: String) throws -> (RevertWorker, PolicyStore) {
        let (machine, aws) = (machine, aws)
        let random: @Sendable () -> Double = { aws.with { Double.random(in: 0...1, using: &$0.generator) } }
        let now: @Sendable () -> Date = { self.now }
        let session = try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "eu-west-1",
            transport: SimulatedConnection(aws: aws, process: name, fault: fault),
            logger: logger,
            system: HostSystem(
                now: now,
                sleep: { try await machine.sleep($0) },
                random: random,
                makeID: { "invocation" },
                readFile: { _ in nil },
                uptime: { machine.elapsed }
            )
        )
        let ledger = try LedgerDatabase(
            path: fault == .forgetsLedger && name != "worker-1.1" ? "\(directory)/\(name).db" : path,
            worker: name,
            lease: WorkerOptions.lease,
            writesOnCallersThread: true,
            now: now
        )
        var options = WorkerOptions(
            queueURL: SimulatedAWS.queueURL,
            policy: state.withLock(\.policy),
            topicARN: SimulatedAWS.topicARN
        )
        options.regions = Set(SimulatedCallers.groups.map(\.region))
        options.snapshotInterval = snapshots
        options.claimsTable = isShared ? SimulatedAWS.tableName : nil
        let worker = RevertWorker(
            options: options,
            session: session,
            ledger: ledger,
            name: name,
            clock: WorkerClock(
                now: now,
                instant: { machine.instant },
                sleep: { try await machine.sleep($0) }
            ),
            random: random,
            logger: logger
        )
        return (worker, options.policies)
    }
}

/// One worker process, from its start to its end.
final class SimulatedLife: Sendable {
    let name: String
    let processor: SimulatedProcessor
    let stop = StopSignal()
    private let host: SimulatedHost
    private let task = Mutex<Task<Void, Never>?>(nil)
    private let end = Mutex(false)
    private let store = Mutex<PolicyStore?>(nil)

    init(name: String, host: SimulatedHost) {
        self.name = name
        self.host = host
        processor = SimulatedProcessor(host.machine)
    }

    /// The policy by which the process judges.
    var policies: PolicyStore? {
        get { store.withLock(\.self) }
        set { store.withLock { $0 = newValue } }
    }

    /// True once the worker has ended by itself.
    var isEnded: Bool { end.withLock(\.self) }

    func start(_ worker: RevertWorker) {
        let started = Task(executorPreference: processor) { [self] in
            do {
                let abandoned = try await worker.run(stop: stop)
                if !stop.isRequested { host.note("\(name) ended although nobody asked it to") }
                if !abandoned.isEmpty { host.aws.note("\(name) abandons \(abandoned.count)") }
            } catch {
                host.note("\(name) failed: \(error)")
            }
            host.aws.note("\(name) ends")
            end.withLock { $0 = true }
        }
        task.withLock { $0 = started }
    }

    /// Lets a process that was killed end in its own way.
    func clear() {
        guard !isEnded else { return }
        stop.request()
        task.withLock(\.self)?.cancel()
        processor.resume()
        try? host.machine.run { isEnded }
    }
}
