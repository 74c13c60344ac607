import Synchronization

/// What the tasks of one simulated process run on. It can be paused, as by SIGSTOP, and killed, as by SIGKILL.
package final class SimulatedProcessor: TaskExecutor {
    private struct State {
        var isRunning = true
        var held: [UnownedJob] = []
    }

    private let machine: SimulatedMachine
    private let state = Mutex(State())

    /// A processor of `machine`.
    package init(_ machine: SimulatedMachine) {
        self.machine = machine
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isRunning = state.withLock { state in
            if !state.isRunning { state.held.append(job) }
            return state.isRunning
        }
        if isRunning { machine.enqueue(job, on: self) }
    }

    /// Runs a job now, or keeps it for later where the processor has halted since the job was ready.
    func run(_ job: UnownedJob) {
        let isRunning = state.withLock { state in
            if !state.isRunning { state.held.append(job) }
            return state.isRunning
        }
        if isRunning { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Lets no task go on. A process that is never resumed was killed: nothing of it runs any more, not even what cleans up.
    package func halt() {
        state.withLock { $0.isRunning = false }
    }

    /// Lets the tasks go on.
    package func resume() {
        let held = state.withLock { state in
            state.isRunning = true
            defer { state.held = [] }
            return state.held
        }
        for job in held { machine.enqueue(job, on: self) }
    }
}
