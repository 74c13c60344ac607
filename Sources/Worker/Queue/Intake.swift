import AWSClient
import Synchronization

/// Decides how much more the worker may receive, and how many receivers may ask.
///
/// Only messages that are worked on or that wait for a slot count here. Parked messages have bounds of their own.
final class Intake: Sendable {
    /// The bounds of what is in hand and not parked.
    struct Limits: Sendable {
        /// How many messages.
        var messages = 500
        /// How many bytes their bodies may have together.
        var bytes = 6 << 20
    }

    private struct State {
        var messages = 0
        var bytes = 0
        var receivers = 1
        var openPolls = 0
        /// True if the last response was full.
        var isFull = false
        /// The time at which a poll last began or ended.
        var lastTurn: ContinuousClock.Instant?
        var isClosed = false
        /// A promise that is fulfilled when there is room; nil while no receiver waits for room.
        var room: Promise<Void>?
    }

    private let limits: Limits
    private let receivers: Int
    private let clock: WorkerClock
    private let state = Mutex(State())

    /// A poll that waits for so long has found the queue empty.
    private static let silence: Duration = .milliseconds(100)

    /// - Parameter receivers: The number of receivers that may ask at once while responses are full.
    init(limits: Limits = Limits(), receivers: Int = 1, clock: WorkerClock = .system) {
        self.limits = limits
        self.receivers = max(receivers, 1)
        self.clock = clock
    }

    /// True while the queue has more messages: the last response was full, and the polls after it do not wait yet.
    var isDraining: Bool {
        let now = clock.instant()
        return state.withLock { state in
            guard state.isFull, let lastTurn = state.lastTurn else { return false }
            return now - lastTurn < Self.silence
        }
    }

    /// The number of messages that count now.
    var count: Int { state.withLock { $0.messages } }

    /// Waits until there is room for ten more messages, or nothing is in hand.
    ///
    /// - Returns: False once nothing more may be received.
    func waitForRoom() async throws -> Bool {
        while true {
            let promise = state.withLock { state -> Promise<Void>? in
                if state.isClosed || hasRoom(state) { return nil }
                let room = state.room ?? Promise()
                state.room = room
                return room
            }
            guard let promise else { return state.withLock { !$0.isClosed } }
            try await promise.value()
        }
    }

    private func hasRoom(_ state: State) -> Bool {
        state.messages == 0 || (state.messages + 10 <= limits.messages && state.bytes < limits.bytes)
    }

    /// Counts a message.
    func enter(bytes: Int) {
        state.withLock {
            $0.messages += 1
            $0.bytes += bytes
        }
    }

    /// Stops counting a message that is done or parked.
    func leave(bytes: Int) {
        let room = state.withLock { state -> Promise<Void>? in
            state.messages -= 1
            state.bytes -= bytes
            return hasRoom(state) ? state.room.take() : nil
        }
        room?.settle()
    }

    /// Notes that a receiver asks.
    func pollBegan() {
        let now = clock.instant()
        state.withLock {
            $0.openPolls += 1
            $0.lastTurn = now
        }
    }

    /// Notes the response to a receiver.
    ///
    /// - Returns: True if one more receiver is to ask.
    func pollEnded(isFull: Bool) -> Bool {
        let now = clock.instant()
        return state.withLock { state in
            state.openPolls -= 1
            state.isFull = isFull
            state.lastTurn = now
            guard isFull, !state.isClosed, state.receivers < receivers else { return false }
            state.receivers += 1
            return true
        }
    }

    /// Notes that a receiver has ended.
    func receiverEnded() {
        state.withLock { $0.receivers -= 1 }
    }

    /// True while no receiver asks.
    var hasNoOpenPoll: Bool { state.withLock { $0.openPolls == 0 } }

    /// Ends receiving.
    func close() {
        let room = state.withLock { state in
            state.isClosed = true
            return state.room.take()
        }
        room?.settle()
    }
}
