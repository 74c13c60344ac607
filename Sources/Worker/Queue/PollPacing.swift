import AWSClient

/// How long a receiver waits in one poll, and how long before the next: an answer may come sooner than it should.
struct PollPacing {
    /// How long the settings want a poll to wait.
    let wanted: Duration
    /// How long a poll waits now: less once silent connections have been seen to be cut.
    private(set) var wait: Duration
    private var early = 0
    private var cuts = 0

    init(wait: Duration) {
        wanted = wait
        self.wait = wait
    }

    /// How long to wait before the next poll, after one that took `took` and came back empty.
    ///
    /// A poll of no wait, or a service that does not wait, would otherwise be asked thousands of times a second.
    mutating func pause(afterEmpty took: Duration) -> Duration {
        cuts = 0
        guard took < wait * 0.8 || wait == .zero else {
            early = 0
            return .zero
        }
        early += 1
        return min(.milliseconds(50) * (1 << min(early, 8)), wait == .zero ? .seconds(1) : .seconds(5))
    }

    /// Notes a poll that brought messages.
    mutating func broughtMessages() {
        early = 0
        cuts = 0
    }

    /// What a poll that failed tells of connections that stay silent.
    enum Cut: Equatable {
        /// Nothing.
        case none
        /// It may have been cut for its silence. The next poll goes out at once.
        case once
        /// It was, again: from now on a poll waits for this long.
        case shortened(Duration)
    }

    /// Notes a poll that failed after `took`.
    mutating func note(_ error: any Error, after took: Duration) -> Cut {
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
}
