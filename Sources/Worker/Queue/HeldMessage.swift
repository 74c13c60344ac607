import AWSClient
import Ledger
import Logging
import Synchronization

/// One message in hand, from its receive until it is deleted, made visible again or lost.
final class HeldMessage: Sendable {
    /// The state of the message.
    enum Phase: Sendable {
        /// It is in hand, and its event is not claimed.
        case taken
        /// Its event is claimed by this worker.
        case claimed(Claim)
        /// The run of its event is over, and its end is being recorded under this claim.
        case ending(Claim)
        /// Its event is done, and only the delete is left.
        case done
    }

    /// The time for which SQS hides a message, and its start.
    struct Hiding: Sendable {
        let since: ContinuousClock.Instant
        let duration: Duration

        /// The time at which it is to be extended: after a third of it, so that two extensions may fail.
        var dueAt: ContinuousClock.Instant { since + duration / 3 }
    }

    private struct State {
        var phase = Phase.taken
        var hiding: Hiding
        var renewedAt: ContinuousClock.Instant
        var extensions = 0
    }

    let message: SQSMessage
    /// The earliest time from which SQS may count.
    let receivedAt: ContinuousClock.Instant
    /// Signals that another worker may have the message.
    let loss = Loss()
    private let state: Mutex<State>
    private let description = Mutex<Logger.Metadata>([:])

    /// - Parameters:
    ///   - receivedAt: The time at which the receive was sent.
    ///   - visibility: The time for which that receive hides the message.
    init(_ message: SQSMessage, receivedAt: ContinuousClock.Instant, visibility: Duration) {
        self.message = message
        self.receivedAt = receivedAt
        let hiding = Hiding(since: receivedAt, duration: visibility)
        state = Mutex(State(hiding: hiding, renewedAt: receivedAt))
    }

    /// The approximate memory of the message.
    var bytes: Int { message.body.utf8.count }

    var hiding: Hiding { state.withLock { $0.hiding } }

    var phase: Phase { state.withLock { $0.phase } }

    /// The metadata of a log line about the message: its id, and the ids of its event once they are known.
    var metadata: Logger.Metadata {
        description.withLock { $0 }.merging(["message.id": "\(message.messageID)"]) { known, _ in known }
    }

    /// Adds what is known of the message's event to its log lines.
    func describe(_ metadata: Logger.Metadata) {
        description.withLock { $0 = metadata }
    }

    /// The claim under which the message's event runs; nil while it does not run.
    var claim: Claim? {
        if case .claimed(let claim) = phase { claim } else { nil }
    }

    /// True while a call is under way that extends the visibility timeout.
    var isBeingExtended: Bool { state.withLock { $0.extensions > 0 } }

    func extensionBegan() { state.withLock { $0.extensions += 1 } }

    func extensionEnded() { state.withLock { $0.extensions -= 1 } }

    func hide(since: ContinuousClock.Instant, for duration: Duration) {
        state.withLock { $0.hiding = Hiding(since: since, duration: duration) }
    }

    func claimed(_ claim: Claim, at now: ContinuousClock.Instant) {
        state.withLock {
            $0.phase = .claimed(claim)
            $0.renewedAt = now
        }
    }

    /// Notes that the run is over and that its end is being recorded. A claim that has ended from now on is not lost.
    func ending() {
        state.withLock { state in
            if case .claimed(let claim) = state.phase { state.phase = .ending(claim) }
        }
    }

    /// Notes that the claim has ended, without a final outcome.
    func unclaimed() {
        state.withLock { $0.phase = .taken }
    }

    func done() {
        state.withLock { $0.phase = .done }
    }

    /// The claim, if its lease is to be renewed now; else nil.
    func claimToRenew(at now: ContinuousClock.Instant, every period: Duration) -> Claim? {
        state.withLock { state in
            guard now - state.renewedAt >= period else { return nil }
            switch state.phase {
            case .taken, .done: return nil
            case .claimed(let claim), .ending(let claim):
                state.renewedAt = now
                return claim
            }
        }
    }

    /// Stops the work on a message that another worker may have, unless its event is done.
    ///
    /// - Returns: True if there was work to stop.
    func lose() -> Bool {
        if case .done = phase { return false }
        return loss.happen()
    }
}
