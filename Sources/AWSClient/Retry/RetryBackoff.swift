/// Why a failed call is worth another attempt.
enum RetryReason: Sendable {
    /// A 5xx, a broken connection, a timeout.
    case transient
    /// The service asks for fewer calls.
    case throttling
}

/// How long to wait before the next attempt: standard mode in the numbers that the AWS SDKs have used since 2026-11.
enum RetryBackoff {
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - random: in 0...1; full jitter, so that clients that failed together do not come back together.
    ///   - transientBase: the bound of the first wait after a transient failure, in seconds.
    ///   - retryAfter: the value of `x-amz-retry-after`, in milliseconds. It may lengthen the wait by at most 5 s.
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
        // The exponent is bounded before it is used: 2^9 · 0.05 s is over the cap already.
        let jittered = min(base * Double(1 << min(max(attempt - 1, 0), 10)), 20) * random
        let asked = retryAfter.flatMap { Int($0) }.map { Double($0) / 1000 } ?? 0
        return .seconds(min(max(asked, jittered), jittered + 5))
    }
}
