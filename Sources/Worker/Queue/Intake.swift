import AWSClient
import Synchronization

/// Decides how much more the worker may receive, and how many receivers may ask.
///
/// Messages that are worked on or that wait for a slot have bounds of their own. Parked messages count as well, because in an
/// outage everything in hand comes to be parked: what has no room then would go back to the queue and use up its receives.
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
        var parked = 0
        var parkedBytes = 0
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
    private let parking: WorkSlots.Limits
    private let receivers: Int
    private let clock: WorkerClock
    private let state = Mutex(State())

    /// A poll that waits for so long has found the queue empty.
    private static let silence: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - parking: How much may be parked.
    ///   - receivers: The number of receivers that may ask at once while responses are full.
    init(
        limits: Limits = Limits(),
        parking: WorkSlots.Limits = WorkSlots.Limits(),
        receivers: Int = 1,
        clock: WorkerClock = .system
    ) {
        self.limits = limits
        self.parking = parking
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

    /// The number of messages that are in hand and not parked.
    var count: Int { state.withLock { $0.messages } }

    /// True if the receivers may ask now.
    var hasRoom: Bool { state.withLock { hasRoom($0) } }

    /// True while nothing more is received because it might find no room among the parked.
    var isParkFull: Bool { state.withLock { $0.messages + $0.parked > 0 && !canPark($0) } }

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
        guard state.messages + state.parked > 0 else { return true }
        let isFree = state.messages == 0 || (state.messages + 10 <= limits.messages && state.bytes < limits.bytes)
        return isFree && canPark(state)
    }

    /// Checks that everything in hand could be parked, with a full response for each receiver.
    private func canPark(_ state: State) -> Bool {
        state.messages + state.parked + 10 * receivers <= parking.messages
            && state.bytes + state.parkedBytes < parking.bytes / 10 * 9
    }

    /// Counts a message.
    func enter(bytes: Int) {
        state.withLock {
            $0.messages += 1
            $0.bytes += bytes
        }
    }

    /// Stops counting a message that is done.
    func leave(bytes: Int) {
        change {
            $0.messages -= 1
            $0.bytes -= bytes
        }
    }

    /// Counts a message as parked.
    func park(bytes: Int) {
        change {
            $0.messages -= 1
            $0.bytes -= bytes
            $0.parked += 1
            $0.parkedBytes += bytes
        }
    }

    /// Counts a message as parked no longer.
    func unpark(bytes: Int) {
        change {
            $0.messages += 1
            $0.bytes += bytes
            $0.parked -= 1
            $0.parkedBytes -= bytes
        }
    }

    /// Makes a change, and lets the receivers go on if there is room then.
    private func change(_ body: (inout State) -> Void) {
        let room = state.withLock { state -> Promise<Void>? in
            body(&state)
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
