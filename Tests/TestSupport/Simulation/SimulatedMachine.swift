package import Foundation
import Synchronization
import TestSupport

/// One thread and one clock for a whole simulation.
///
/// The tasks of the simulation run on `SimulatedProcessor`s, whose jobs this machine runs one after another, in an order that the
/// seed decides. Time passes only when no job is ready: then it jumps to the next sleeper. The same seed gives the same run.
package final class SimulatedMachine: Sendable {
    private struct Ready {
        let job: UnownedJob
        let processor: SimulatedProcessor
    }

    private struct Sleeper {
        let wake: Duration
        let number: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var ready: [Ready] = []
        /// In the order in which they wake.
        var sleepers: [Sleeper] = []
        var elapsed: Duration = .zero
        var nextNumber = 0
        var generator: SeededGenerator
        /// How many jobs ran since the time last passed.
        var jobsSinceWake = 0
    }

    private let state: Mutex<State>
    /// The wall time at which the simulation begins.
    package static let start = Date(timeIntervalSince1970: 1_764_063_000)
    /// The monotonic time at which the simulation begins.
    private static let origin = ContinuousClock.now
    /// So many jobs without any time passing are an endless loop.
    private static let jobLimit = 500_000

    package init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// How long the simulation has run, in virtual time.
    package var elapsed: Duration { state.withLock { $0.elapsed } }

    /// The true wall time of the simulated world.
    package var now: Date { Self.start.addingTimeInterval(elapsed.inSeconds) }

    /// The monotonic time.
    package var instant: ContinuousClock.Instant { Self.origin + elapsed }

    func enqueue(_ job: UnownedJob, on processor: SimulatedProcessor) {
        state.withLock { $0.ready.append(Ready(job: job, processor: processor)) }
    }

    /// Runs jobs on the caller's thread until `isOver`.
    ///
    /// - Throws: `Stalled` when everybody waits for something that cannot come any more, or nobody ever waits.
    package func run(until isOver: () -> Bool) throws {
        while !isOver() {
            if let next = nextJob() {
                next.processor.run(next.job)
                let jobs = state.withLock { state in
                    state.jobsSinceWake += 1
                    return state.jobsSinceWake
                }
                guard jobs < Self.jobLimit else { throw Stalled(elapsed: elapsed, isBusy: true) }
            } else if !wakeNext() {
                throw Stalled(elapsed: elapsed, isBusy: false)
            }
        }
    }

    /// Sleeps in virtual time.
    ///
    /// - Throws: `CancellationError`.
    package func sleep(_ duration: Duration) async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    let wake = state.elapsed + max(duration, .zero)
                    let index = state.sleepers.firstIndex { $0.wake > wake } ?? state.sleepers.endIndex
                    state.sleepers.insert(Sleeper(wake: wake, number: number, continuation: continuation), at: index)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.number == number }) else { return nil }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func nextJob() -> Ready? {
        state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            // Mostly in order, as a real executor does; sometimes not, as several threads would.
            let index = state.generator.chance(20) ? Int.random(in: 0..<state.ready.count, using: &state.generator) : 0
            return state.ready.remove(at: index)
        }
    }

    private func wakeNext() -> Bool {
        let sleeper = state.withLock { state -> Sleeper? in
            guard !state.sleepers.isEmpty else { return nil }
            let sleeper = state.sleepers.removeFirst()
            if sleeper.wake > state.elapsed {
                state.elapsed = sleeper.wake
                state.jobsSinceWake = 0
            }
            return sleeper
        }
        sleeper?.continuation.resume()
        return sleeper != nil
    }

    /// The simulation cannot go on.
    package struct Stalled: Error, CustomStringConvertible {
        let elapsed: Duration
        let isBusy: Bool

        package var description: String {
            isBusy
                ? "tasks run without end at \(elapsed) of virtual time"
                : "no task can go on after \(elapsed) of virtual time"
        }
    }
}
