import AWSClient
import Foundation
import Ledger
import Synchronization

/// The messages that the worker has in hand, and those that it put off.
final class HeldMessages: Sendable {
    struct Held: Sendable {
        let message: SQSMessage
        var claim: Claim?
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

    /// Takes a message in hand.
    func take(_ message: SQSMessage) {
        state.withLock {
            $0.held[message.receiptHandle] = Held(message: message)
            $0.postponed[message.messageID] = nil
        }
    }

    /// Notes the claim under which a message's event runs.
    func note(_ claim: Claim, for message: SQSMessage) {
        state.withLock { $0.held[message.receiptHandle]?.claim = claim }
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
