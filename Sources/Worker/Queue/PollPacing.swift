import AWSClient
import Formats

/// The time for which a poll waits, the messages that it may bring, and the pause before the next one.
struct PollPacing {
    /// The time from the settings.
    let wanted: Duration
    /// The time for which a poll waits now. It is shorter than `wanted` if silent connections were cut.
    private(set) var wait: Duration
    /// The number of messages that a poll may bring.
    private(set) var batch = Self.largestBatch
    private var early = 0
    private var cuts = 0
    private var smallBatches = 0

    /// SQS hands out ten messages at most.
    private static let largestBatch = 10
    /// Two of SQS's largest messages, escaped as JSON, stay under the client's bound of 16 MiB.
    private static let smallBatch = 2
    /// The number of polls with messages after which a batch is large again.
    private static let caution = 100

    init(wait: Duration) {
        wanted = wait
        self.wait = wait
    }

    /// The pause before the next poll, after one that took `took` and was empty.
    ///
    /// Without it, a poll without a wait, or a service that does not wait, would be called thousands of times a second.
    mutating func pause(afterEmpty took: Duration) -> Duration {
        cuts = 0
        guard took < wait * 0.8 || wait == .zero else {
            early = 0
            return .zero
        }
        early += 1
        return Backoff.doubled(.milliseconds(100), attempt: early, cap: wait == .zero ? .seconds(1) : .seconds(5))
    }

    /// Notes a poll that returned messages.
    mutating func broughtMessages() {
        early = 0
        cuts = 0
        guard batch < Self.largestBatch else { return }
        smallBatches += 1
        if smallBatches >= Self.caution { batch = Self.largestBatch }
    }

    /// The conclusion from a failed poll about the next one.
    enum Cut: Equatable {
        /// Nothing.
        case none
        /// The connection may have been cut because it was silent. The next poll is sent at once.
        case once
        /// It was cut again. From now on a poll waits for this time.
        case shortened(Duration)
        /// The response was too large for the client. From now on a poll brings fewer messages.
        case fewer
    }

    /// Notes a poll that failed after `took`.
    mutating func note(_ error: any Error, after took: Duration) -> Cut {
        if let error = error as? AWSClientError, error.isTimeout { return noteSilence() }
        if let error = error as? AWSClientError, error.isTooLarge, batch > Self.smallBatch {
            batch = Self.smallBatch
            smallBatches = 0
            return .fewer
        }
        guard case AWSClientError.transport(_, _, .connectionFailed) = error, took >= .seconds(1),
            took < wait + .seconds(1)
        else { return .none }
        cuts += 1
        guard cuts >= 2 else { return .once }
        cuts = 0
        let shorter = Duration.seconds(max(took.components.seconds - 1, 1))
        guard shorter < wait else { return .none }
        wait = shorter
        return .shortened(shorter)
    }

    /// Notes a poll that was never answered: whatever cut its connection told nobody. Where even a short poll gets no answer,
    /// nobody is there, and the wait has nothing to do with it.
    private mutating func noteSilence() -> Cut {
        cuts = 0
        guard wait > .seconds(1) else {
            wait = wanted
            return .none
        }
        wait = .seconds(max(wait.components.seconds / 4, 1))
        return .shortened(wait)
    }
}
