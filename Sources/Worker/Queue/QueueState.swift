import Formats
import Logging
import Synchronization

/// What the queue says of itself, read again every few minutes and after each surprise: people change queues while a worker runs.
final class QueueState: Sendable {
    /// What is known of the queue.
    struct Facts: Sendable {
        var visibilityTimeout: Duration = .seconds(30)
        /// How often a message is received before SQS moves it to the dead-letter queue.
        var maxReceiveCount: Int?
        var deadLetters: DeadLetterQueue?
    }

    private struct State {
        var facts: Facts
        var surprise = Promise<Void>()
    }

    private let state: Mutex<State>
    private let logger: Logger

    /// How often the attributes are read.
    private static let period: Duration = .seconds(180)
    /// How soon they are read again after a surprise.
    private static let surprisePause: Duration = .seconds(5)

    init(_ facts: Facts, logger: Logger) {
        state = Mutex(State(facts: facts))
        self.logger = logger
    }

    var facts: Facts { state.withLock { $0.facts } }

    /// For how long a message is hidden while it is in hand. A queue with a timeout of nothing would hand it to others at once.
    var hold: Duration {
        let timeout = facts.visibilityTimeout
        return timeout < .seconds(10) ? .seconds(30) : timeout
    }

    /// Asks for the attributes to be read soon: something did not fit what is known.
    func surprised() {
        state.withLock { $0.surprise }.settle()
    }

    /// Reads the attributes again and again until the task is cancelled.
    ///
    /// - Parameter read: asks AWS.
    func keepFresh(clock: WorkerClock, read: @escaping @Sendable () async throws -> Facts) async {
        while !Task.isCancelled {
            let surprise = state.withLock { $0.surprise }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await clock.sleep(Self.period) }
                group.addTask {
                    try? await surprise.value()
                    try? await clock.sleep(Self.surprisePause)
                }
                await group.next()
                group.cancelAll()
            }
            if Task.isCancelled { return }
            state.withLock { if $0.surprise.isSettled { $0.surprise = Promise() } }
            // What cannot be read now is read the next time; what is known holds on.
            guard let found = try? await read() else { continue }
            replace(with: found)
        }
    }

    /// Lets `found` hold, and says what changed.
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
