import AWSClient
import Formats
import Synchronization

/// The places in which messages are worked on: as many as `--concurrency`. A message that waits gives its place to another.
final class WorkSlots: Sendable {
    private struct State {
        var free: Int
        /// Messages that had a slot before they waited: they go first, or everything would be begun before anything is done.
        var returning = FIFO<Promise<Void>>()
        var waiting = FIFO<Promise<Void>>()
        /// The messages in slots that have not waited for anything yet.
        var starting = 0
        var isFilling = false
        var parked = 0
        var parkedBytes = 0
    }

    private let state: Mutex<State>
    private let limits: Limits
    /// Counts what is not parked.
    private let intake: Intake?
    let clock: WorkerClock

    /// How much may be parked.
    struct Limits: Sendable {
        /// How many messages may be parked at once.
        var messages = 5000
        /// How many of them a message may join that waits only for a short time, so that it could keep its slot as well.
        var shortWaits = 1200
        /// How many of them a message may join that waits for so long that others must have room meanwhile.
        var longWaits = 4000
        /// How many bytes of bodies they may have together, so that the worker stays small whatever is sent to it.
        var bytes = 10 << 20

        /// What may be parked, with a message that comes to wait in this way.
        fileprivate func room(for wait: Wait) -> (messages: Int, bytes: Int) {
            switch wait {
            case .usual: (messages, bytes)
            case .short: (shortWaits, bytes)
            case .long: (min(longWaits, messages), bytes / 10 * 8)
            }
        }
    }

    /// How a message waits.
    enum Wait {
        /// It must wait, and nobody knows for how long.
        case usual
        /// It waits for so short a time that it could keep its slot.
        case short
        /// It waits for so long that it is set aside where others need the room.
        case long
    }

    init(count: Int, limits: Limits = Limits(), intake: Intake? = nil, clock: WorkerClock) {
        self.intake = intake
        state = Mutex(State(free: max(count, 1)))
        self.limits = limits
        self.clock = clock
    }

    /// How many messages are parked now.
    var parkedCount: Int { state.withLock { $0.parked } }

    /// How many messages wait for a slot now.
    var waitingCount: Int { state.withLock { $0.returning.count + $0.waiting.count } }

    /// Checks for a backlog. It begins with more than ten messages that have neither waited nor ended yet, and it is over when
    /// there is none.
    func checkFilling() -> Bool {
        state.withLock { state in
            let coming = state.starting > 0 ? state.starting + state.waiting.count : 0
            state.isFilling = coming > (state.isFilling ? 0 : Self.quietCount)
            return state.isFilling
        }
    }

    /// The number of such messages that is no backlog yet.
    private static let quietCount = 10

    /// Waits for a slot, runs `body` in it, and frees it.
    ///
    /// - Parameters:
    ///   - bytes: how much memory the message takes while it is parked.
    ///   - loss: says that the message is no longer ours.
    func occupy<Result>(
        bytes: Int = 0,
        loss: Loss = Loss(),
        _ body: (WorkSlot) async throws -> Result
    ) async throws -> Result {
        try await acquire()
        state.withLock { $0.starting += 1 }
        let slot = WorkSlot(slots: self, bytes: bytes, loss: loss, clock: clock)
        defer { if slot.leave() { release() } }
        return try await body(slot)
    }

    /// Takes a slot, in the order in which it was asked for.
    ///
    /// - Parameter isReturning: true for a message that had a slot before; it goes before those that had none.
    fileprivate func acquire(isReturning: Bool = false) async throws {
        let turn = Promise<Void>()
        let isFree = state.withLock { state in
            guard state.free > 0 else {
                if isReturning { state.returning.append(turn) } else { state.waiting.append(turn) }
                return false
            }
            state.free -= 1
            return true
        }
        if isFree { return }
        do {
            try await turn.value()
        } catch {
            // A slot that was handed over in the same moment goes to the next.
            if !turn.settle(.failure(error)), case .success = turn.result { release() }
            throw error
        }
    }

    fileprivate func started() {
        state.withLock { $0.starting -= 1 }
    }

    fileprivate func release() {
        while let next = nextInLine() {
            if next.settle() { return }
        }
    }

    private func nextInLine() -> Promise<Void>? {
        state.withLock { state in
            if let next = state.returning.popFirst() ?? state.waiting.popFirst() { return next }
            state.free += 1
            return nil
        }
    }

    /// Counts a message as parked.
    fileprivate func park(bytes: Int, for wait: Wait = .usual) throws(ParkingFull) {
        let room = limits.room(for: wait)
        let hasRoom = state.withLock { state in
            guard state.parked < room.messages, state.parkedBytes + bytes <= room.bytes else { return false }
            state.parked += 1
            state.parkedBytes += bytes
            return true
        }
        guard hasRoom else { throw ParkingFull(wait: wait) }
        intake?.park(bytes: bytes)
    }

    fileprivate func unpark(bytes: Int) {
        state.withLock {
            $0.parked -= 1
            $0.parkedBytes -= bytes
        }
        intake?.unpark(bytes: bytes)
    }
}

/// Signals that another worker may have the message.
final class Loss: Sendable {
    private let flag = Atomic(false)

    var hasHappened: Bool { flag.load(ordering: .acquiring) }

    /// - Returns: true for the first call.
    func happen() -> Bool { !flag.exchange(true, ordering: .acquiringAndReleasing) }
}

/// The slot of one message. It is used by one task at a time.
final class WorkSlot: Sendable {
    private let slots: WorkSlots?
    private let bytes: Int
    private let clock: WorkerClock
    private let hasSlot = Atomic(true)
    private let isStarting = Atomic(true)
    private let loss: Loss

    fileprivate init(slots: WorkSlots, bytes: Int, loss: Loss, clock: WorkerClock) {
        self.slots = slots
        self.bytes = bytes
        self.loss = loss
        self.clock = clock
    }

    /// A slot for work that no other work waits for: a command, or a test.
    init(loss: Loss = Loss(), clock: WorkerClock) {
        slots = nil
        bytes = 0
        self.loss = loss
        self.clock = clock
    }

    /// Waits for `duration` without holding the slot.
    ///
    /// - Throws: `ParkingFull`, `MessageLost`, `CancellationError`.
    func wait(for duration: Duration) async throws {
        guard duration > .zero else { return }
        try await parked { try await clock.sleep(duration) }
    }

    /// Runs `body`, which waits for something, without holding the slot, and takes a slot again afterwards if there was one.
    ///
    /// - Throws: what `body` throws, `ParkingFull`, `MessageLost`, `CancellationError`.
    func parked<Result>(
        for wait: WorkSlots.Wait = .usual,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try checkLoss()
        if let slots {
            try slots.park(bytes: bytes, for: wait)
            return try await parked(in: slots, body)
        }
        let result = try await body()
        try checkLoss()
        return result
    }

    /// Runs `body`, which waits for something for a short time, without holding the slot where there is room for that, and holding
    /// it where there is not: then nothing more is begun until something is done.
    ///
    /// - Throws: what `body` throws, `MessageLost`, `CancellationError`.
    func parkedForShort<Result>(_ body: () async throws -> Result) async throws -> Result {
        try checkLoss()
        if let slots, (try? slots.park(bytes: bytes, for: .short)) != nil { return try await parked(in: slots, body) }
        start()
        let result = try await body()
        try checkLoss()
        return result
    }

    /// Runs `body` for a message that is counted as parked.
    private func parked<Result>(in slots: WorkSlots, _ body: () async throws -> Result) async throws -> Result {
        let hadSlot = leave()
        if hadSlot { slots.release() }
        let result: Result
        do {
            defer { slots.unpark(bytes: bytes) }
            result = try await body()
        } catch {
            // What follows an error is work as well: it is recorded.
            if hadSlot { try await takeBack(slots) }
            throw error
        }
        if hadSlot { try await takeBack(slots) }
        try checkLoss()
        return result
    }

    /// Gives the slot to others for good. What is left to do is no work: one delete or postponement.
    func release() {
        if leave() { slots?.release() }
    }

    private func takeBack(_ slots: WorkSlots) async throws {
        try await slots.acquire(isReturning: true)
        hasSlot.store(true, ordering: .releasing)
    }

    /// - Throws: `MessageLost` once somebody else may have the message.
    func checkLoss() throws {
        if loss.hasHappened { throw MessageLost() }
    }

    /// Notes the first wait, or the end, of the message.
    private func start() {
        if isStarting.exchange(false, ordering: .acquiringAndReleasing) { slots?.started() }
    }

    /// - Returns: true if there is a slot to free.
    fileprivate func leave() -> Bool {
        start()
        return hasSlot.exchange(false, ordering: .acquiringAndReleasing)
    }
}

/// Too many messages wait already: this one goes back to the queue.
struct ParkingFull: Error, CustomStringConvertible {
    /// How the message would have waited.
    var wait: WorkSlots.Wait = .usual

    /// The pause before the next receive of a message that would have waited for long: a quarter of an hour, doubling, at most
    /// two hours, since each receive counts. It is nil for a message that may find room soon.
    func pause(after receives: Int) -> Duration? {
        wait == .long ? Backoff.doubled(.seconds(900), attempt: receives, cap: .seconds(7200)) : nil
    }

    var description: String { "too many messages wait already; this one goes back to the queue for a while" }
}

/// The message is no longer ours: its handle ran out, or another worker has its event.
struct MessageLost: Error, CustomStringConvertible {
    var description: String { "the message is no longer ours" }
}
