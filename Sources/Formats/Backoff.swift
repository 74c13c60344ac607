/// The pauses between attempts, with full jitter, so that clients that failed together do not retry together.
package struct Backoff: Sendable {
    /// The upper bound of the first pause.
    package let base: Duration
    /// The upper bound of every pause.
    package let cap: Duration
    /// Returns a random number from 0 to 1.
    private let random: @Sendable () -> Double

    /// Creates a back-off whose pause number `n` lies between zero and `base` doubled `n - 1` times, at most `cap`.
    package init(
        base: Duration,
        cap: Duration,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.base = base
        self.cap = cap
        self.random = random
    }

    /// The pause after the `attempt`-th failure, counted from 1.
    package func pause(after attempt: Int) -> Duration {
        bound(after: attempt) * random()
    }

    /// The longest pause after the `attempt`-th failure.
    package func bound(after attempt: Int) -> Duration {
        Self.doubled(base, attempt: attempt, cap: cap)
    }

    /// `base`, doubled with each attempt after the first, at most `cap`.
    package static func doubled(_ base: Duration, attempt: Int, cap: Duration) -> Duration {
        // The exponent is limited before it is used, so that nothing overflows.
        min(base * (1 << min(max(attempt - 1, 0), 16)), cap)
    }
}
