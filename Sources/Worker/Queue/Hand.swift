import AWSClient
import Synchronization

/// The messages that the worker has in hand, and those that it postponed. This is the only place that knows them.
final class Hand: Sendable {
    private struct State {
        /// By receipt handle, which each receive makes anew.
        var held: [String: HeldMessage] = [:]
        var postponed: [String: ContinuousClock.Instant] = [:]
        /// A promise that is fulfilled when nothing is in hand; nil while no task waits for that.
        var whenEmpty: Promise<Void>?
        /// A promise that is fulfilled when something is in hand; nil while no task waits for that.
        var whenFilled: Promise<Void>?
    }

    private let state = Mutex(State())
    private let intake: Intake

    init(intake: Intake) {
        self.intake = intake
    }

    /// All messages in hand.
    var all: [HeldMessage] { state.withLock { Array($0.held.values) } }

    /// True when nothing is in hand.
    var isEmpty: Bool { state.withLock { $0.held.isEmpty } }

    /// Takes messages in hand.
    func take(_ messages: [HeldMessage]) {
        let filled = state.withLock { state in
            for held in messages {
                state.held[held.message.receiptHandle] = held
                state.postponed[held.message.messageID] = nil
            }
            return state.whenFilled.take()
        }
        for held in messages { intake.enter(bytes: held.bytes) }
        filled?.settle()
    }

    /// Calls `body` with a message that was taken, and releases the message exactly once, however `body` ends.
    func scope<Result>(_ held: HeldMessage, _ body: (HeldMessage) async throws -> Result) async rethrows -> Result {
        defer {
            letGo(held)
            intake.leave(bytes: held.bytes)
        }
        return try await body(held)
    }

    /// Ends the heartbeat of a message. Its scope goes on.
    func letGo(_ held: HeldMessage) {
        let emptied = state.withLock { state -> Promise<Void>? in
            if state.held[held.message.receiptHandle] === held { state.held[held.message.receiptHandle] = nil }
            return state.held.isEmpty ? state.whenEmpty.take() : nil
        }
        emptied?.settle()
    }

    /// Notes the time at which a message comes again that this worker postponed.
    func postpone(_ messageID: String, until due: ContinuousClock.Instant) {
        state.withLock { $0.postponed[messageID] = due }
    }

    /// Waits until nothing is in hand.
    func emptied() async throws {
        let promise = state.withLock { state -> Promise<Void>? in
            guard !state.held.isEmpty else { return nil }
            let promise = state.whenEmpty ?? Promise()
            state.whenEmpty = promise
            return promise
        }
        try await promise?.value()
    }

    /// Waits until something is in hand.
    func filled() async throws {
        let promise = state.withLock { state -> Promise<Void>? in
            guard state.held.isEmpty else { return nil }
            let promise = state.whenFilled ?? Promise()
            state.whenFilled = promise
            return promise
        }
        try await promise?.value()
    }

    /// The time at which the first of the postponed messages is still to come, after a poll that began at `start` was
    /// empty. A message that was due before `start` went to another worker.
    func nextPostponed(afterEmptyPollFrom start: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        state.withLock { state in
            state.postponed = state.postponed.filter { $0.value > start }
            return state.postponed.values.min()
        }
    }
}
