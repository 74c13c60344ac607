import Formats

/// The reason why a failed call is tried again.
enum RetryReason: Sendable {
    /// A 5xx, a broken connection, a timeout.
    case transient
    /// The service asks for fewer calls.
    case throttling
}

/// The pause before the next attempt: standard mode, with the numbers that the AWS SDKs have used since 2026-11.
enum RetryBackoff {
    /// - Parameters:
    ///   - attempt: The number of the failed attempt, from 1.
    ///   - random: A number in 0...1 for full jitter, so that clients that failed together do not retry together.
    ///   - transientBase: The bound of the first pause after a transient failure, in seconds.
    ///   - retryAfter: The value of `x-amz-retry-after`, in milliseconds. It lengthens the pause by at most 5 s.
    static func delay(
        _ reason: RetryReason,
        attempt: Int,
        random: Double,
        transientBase: Double = AWSService.sqs.transientBackoff,
        retryAfter: String? = nil
    ) -> Duration {
        let base =
            switch reason {
            case .transient: transientBase
            case .throttling: 1.0
            }
        let jittered = Backoff(base: .seconds(base), cap: .seconds(20)).bound(after: attempt) / .seconds(1) * random
        let asked = retryAfter.flatMap { Int($0) }.map { Double($0) / 1000 } ?? 0
        return .seconds(min(max(asked, jittered), jittered + 5))
    }
}
