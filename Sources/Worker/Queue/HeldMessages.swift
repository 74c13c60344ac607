import AWSClient
import Foundation
import Ledger
import Synchronization

/// The messages that the worker has in hand, and those that it put off.
final class HeldMessages: Sendable {
    struct Held: Sendable {
        let message: SQSMessage
        let receivedAt: Date
        /// Stops the work on the message.
        let cancel: @Sendable () -> Void
        var claim: Claim?
        /// Whether its event is done and only the delete is left.
        var isDone = false
    }

    private struct State {
        var held: [String: Held] = [:]
        var postponed: [String: Date] = [:]
    }

    private let state = Mutex(State())

    /// What is in hand now.
    var all: [Held] {
        state.withLock { Array($0.held.values) }
    }

    /// Takes a message in hand that was asked for at `time`, from when SQS counts at the earliest.
    func take(_ message: SQSMessage, at time: Date, cancel: @escaping @Sendable () -> Void) {
        state.withLock {
            $0.held[message.receiptHandle] = Held(message: message, receivedAt: time, cancel: cancel)
            $0.postponed[message.messageID] = nil
        }
    }

    /// Notes the claim under which a message's event runs.
    func note(_ claim: Claim, for message: SQSMessage) {
        state.withLock { $0.held[message.receiptHandle]?.claim = claim }
    }

    /// Notes that only the delete is left.
    func noteDone(_ message: SQSMessage) {
        state.withLock { $0.held[message.receiptHandle]?.isDone = true }
    }

    /// Stops the work on a message that is no longer ours, unless it is done anyway.
    ///
    /// - Returns: whether there was work to stop.
    func lose(_ message: SQSMessage) -> Bool {
        let held = state.withLock { state -> Held? in
            guard state.held[message.receiptHandle]?.isDone == false else { return nil }
            return state.held.removeValue(forKey: message.receiptHandle)
        }
        held?.cancel()
        return held != nil
    }

    /// Lets go of a message.
    func drop(_ message: SQSMessage) {
        state.withLock { $0.held[message.receiptHandle] = nil }
    }

    /// Lets go of a message that comes again at `due`.
    func postpone(_ message: SQSMessage, until due: Date) {
        state.withLock {
            $0.held[message.receiptHandle] = nil
            $0.postponed[message.messageID] = due
        }
    }

    /// When the first of the postponed messages is still to come, once a poll begun at `start` has come back empty: what was
    /// due before it was handed to somebody else.
    func nextPostponed(afterEmptyPollFrom start: Date) -> Date? {
        state.withLock {
            $0.postponed = $0.postponed.filter { $0.value > start }
            return $0.postponed.values.min()
        }
    }
}
