import AWSClient
import Formats
import Logging
import Synchronization

/// The attributes of the queue. They are read again every few minutes and after each surprise, because people change
/// queues while a worker runs.
final class QueueState: Sendable {
    /// The known attributes.
    struct Facts: Sendable {
        var visibilityTimeout: Duration = .seconds(30)
        /// The number of receives after which SQS moves a message to the dead-letter queue.
        var maxReceiveCount: Int?
        var deadLetters: DeadLetterQueue?
    }

    private struct State {
        var facts: Facts
        var surprise = Promise<Void>()
        var confirmedAt: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let logger: Logger
    /// Asks AWS.
    private let read: @Sendable () async throws -> Facts

    /// The time between two readings.
    private static let period: Duration = .seconds(180)
    /// The time after which they are read again after a surprise.
    private static let surprisePause: Duration = .seconds(5)

    /// - Parameter read: asks AWS.
    init(_ facts: Facts, logger: Logger, read: @escaping @Sendable () async throws -> Facts) {
        state = Mutex(State(facts: facts))
        self.logger = logger
        self.read = read
    }

    var facts: Facts { state.withLock { $0.facts } }

    /// The time for which a message in hand is hidden. A queue with a timeout of zero would hand it to others at once.
    var hold: Duration {
        let timeout = facts.visibilityTimeout
        return timeout < .seconds(10) ? .seconds(30) : timeout
    }

    /// Asks for an early reading, because something did not agree with the known attributes.
    func surprised() {
        state.withLock { $0.surprise }.settle()
    }

    /// Reads the attributes now, unless somebody did so in the last seconds.
    func confirm(clock: WorkerClock) async {
        let now = clock.instant()
        let isFresh = state.withLock { state in
            if let last = state.confirmedAt, now - last < Self.surprisePause { return true }
            state.confirmedAt = now
            return false
        }
        guard !isFresh, let found = try? await read() else { return }
        replace(with: found)
    }

    /// Reads the attributes again and again until the task is cancelled.
    func keepFresh(clock: WorkerClock) async {
        while !Task.isCancelled {
            let surprise = state.withLock { $0.surprise }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await clock.sleep(Self.period) }
                group.addTask {
                    guard (try? await surprise.value()) != nil else { return }
                    try? await clock.sleep(Self.surprisePause)
                }
                await group.next()
                group.cancelAll()
            }
            if Task.isCancelled { return }
            state.withLock { if $0.surprise.isSettled { $0.surprise = Promise() } }
            // If a reading fails, the known attributes stay in use until the next one.
            guard let found = try? await read() else { continue }
            replace(with: found)
        }
    }

    /// Uses the attributes `found`, and logs what changed.
    func replace(with found: Facts) {
        let old = state.withLock { state in
            defer { state.facts = found }
            return state.facts
        }
        func tell(_ name: String, _ old: String, _ new: String) {
            guard old != new else { return }
            logger.notice(
                "the queue has changed",
                metadata: ["setting": "\(name)", "before": "\(plainText(old))", "now": "\(plainText(new))"]
            )
        }
        tell(
            "VisibilityTimeout",
            "\(old.visibilityTimeout.components.seconds)",
            "\(found.visibilityTimeout.components.seconds)"
        )
        tell(
            "maxReceiveCount",
            old.maxReceiveCount.map(String.init) ?? "none",
            found.maxReceiveCount.map(String.init) ?? "none"
        )
        tell("dead-letter queue", old.deadLetters?.url ?? "none", found.deadLetters?.url ?? "none")
    }
}
