import AWSClient
import Ledger
import Synchronization

/// One message in hand, from its receive until it is deleted, given back or lost.
final class HeldMessage: Sendable {
    /// How far the message has come.
    enum Phase: Sendable {
        /// It is in hand, and its event is nobody's yet.
        case taken
        /// Its event is ours.
        case claimed(Claim)
        /// Its event is done, and only the delete is left.
        case done
    }

    /// For how long SQS hides a message, and since when.
    struct Hiding: Sendable {
        let since: ContinuousClock.Instant
        let duration: Duration

        /// When the hiding is to be renewed: after a third of it, so that two renewals may fail.
        var dueAt: ContinuousClock.Instant { since + duration / 3 }
    }

    private struct State {
        var phase = Phase.taken
        var hiding: Hiding
        var renewedAt: ContinuousClock.Instant
    }

    let message: SQSMessage
    /// From when SQS counts at the earliest.
    let receivedAt: ContinuousClock.Instant
    /// Says that the message is no longer ours.
    let loss = Loss()
    private let state: Mutex<State>

    /// - Parameters:
    ///   - receivedAt: when the receive was asked for.
    ///   - visibility: for how long that receive hides the message.
    init(_ message: SQSMessage, receivedAt: ContinuousClock.Instant, visibility: Duration) {
        self.message = message
        self.receivedAt = receivedAt
        let hiding = Hiding(since: receivedAt, duration: visibility)
        state = Mutex(State(hiding: hiding, renewedAt: receivedAt))
    }

    /// How much memory the message takes, about.
    var bytes: Int { message.body.utf8.count }

    var hiding: Hiding { state.withLock { $0.hiding } }

    var phase: Phase { state.withLock { $0.phase } }

    /// The claim on the message's event, while it runs.
    var claim: Claim? {
        if case .claimed(let claim) = phase { claim } else { nil }
    }

    func hide(since: ContinuousClock.Instant, for duration: Duration) {
        state.withLock { $0.hiding = Hiding(since: since, duration: duration) }
    }

    func claimed(_ claim: Claim, at now: ContinuousClock.Instant) {
        state.withLock {
            $0.phase = .claimed(claim)
            $0.renewedAt = now
        }
    }

    /// The claim has ended: with an outcome that is not final, or because there is none.
    func unclaimed() {
        state.withLock { $0.phase = .taken }
    }

    func done() {
        state.withLock { $0.phase = .done }
    }

    /// The claim, if its lease is to be renewed by now.
    func claimToRenew(at now: ContinuousClock.Instant, every period: Duration) -> Claim? {
        state.withLock { state in
            guard case .claimed(let claim) = state.phase, now - state.renewedAt >= period else { return nil }
            state.renewedAt = now
            return claim
        }
    }

    /// Stops the work on a message that is no longer ours, unless its event is done anyway.
    ///
    /// - Returns: true if there was work to stop.
    func lose() -> Bool {
        if case .done = phase { return false }
        return loss.happen()
    }
}
