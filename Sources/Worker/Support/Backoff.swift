/// How long something that failed is left alone: full jitter, so that many workers never come back together.
package struct Backoff: Sendable {
    /// The bound of the first pause.
    package let base: Duration
    /// The bound of every pause.
    package let cap: Duration
    /// A random number from 0 to 1.
    let random: @Sendable () -> Double

    /// A back-off whose `attempt`-th pause lies between nothing and `base` doubled at each attempt, at most `cap`.
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
        let doubled = base * (1 << min(max(attempt - 1, 0), 16))
        return min(doubled, cap) * random()
    }
}
