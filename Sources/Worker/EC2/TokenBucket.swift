import Formats

/// A model of one of EC2's token buckets: a call takes a token, and EC2 refuses calls while there is none.
///
/// AWS documents the sizes and raises them on request, other callers use the same bucket, and an emulator has none. So
/// the model learns. A refusal empties it and slows it down. If much work waits although the model is empty, one call
/// is made all the same; if EC2 accepts it, more follow.
struct TokenBucket: Sendable {
    /// The size, and the refill a second, as AWS documents them.
    struct Size: Hashable, Sendable {
        let capacity: Double
        let refill: Double

        /// Authorize, Revoke, Modify.
        static let changes = Self(capacity: 50, refill: 5)
        /// Describe calls with a filter, and Get calls.
        static let looks = Self(capacity: 100, refill: 20)
    }

    private let size: Size
    /// How many calls may go now. Trial calls make it negative.
    private(set) var tokens: Double
    private var refill: Double
    private var updatedAt: Duration
    /// The time since which the bucket has not been full.
    private var drainingSince: Duration
    /// The time at which a call was sent that found the bucket full, until EC2 has answered one.
    private var leftFullAt: Duration?
    /// A first response is not waited for any longer.
    private static let longestCall: Duration = .seconds(5)
    /// The number of calls that may go below an empty bucket, to find out whether it is larger than documented.
    private var credit = 0.0
    private var refusals = 0
    private var triesAgainAt: Duration = .zero

    /// Creates a full bucket.
    init(_ size: Size, now: Duration) {
        self.size = size
        tokens = size.capacity
        refill = size.refill
        updatedAt = now
        drainingSince = now
    }

    /// True once so many calls went beyond the documented size that EC2 seems to have no bucket.
    var isUnlimited: Bool { credit >= 64 }

    /// True if the bucket has far more tokens than a busy second takes.
    var isPlenty: Bool { isUnlimited || tokens >= size.capacity * 0.9 }

    /// True if half of the tokens are left for others.
    var isHalfFull: Bool { isUnlimited || tokens >= size.capacity / 2 }

    /// Adds the tokens since the last change.
    ///
    /// EC2's bucket begins to fill when a call has arrived. That may take long, above all where a connection is opened for
    /// it, so nothing is added before the first response.
    mutating func advance(to now: Duration) {
        if let leftFullAt, now - leftFullAt < Self.longestCall {
            updatedAt = now
            return
        }
        let elapsed = now - updatedAt
        tokens = min(tokens + elapsed.seconds * refill, size.capacity)
        updatedAt = now
        if tokens >= size.capacity { drainingSince = now }
    }

    /// Permission for one call.
    enum Permit: Hashable, Sendable {
        /// With a token of the model.
        case token
        /// Beyond the model, to find out whether the bucket is larger.
        case trial
    }

    /// Takes a token, if a call may go now.
    ///
    /// - Parameter waiting: The number of calls that wait for tokens, this one included.
    mutating func take(waiting: Int, now: Duration) -> Permit? {
        advance(to: now)
        if tokens >= size.capacity { leftFullAt = leftFullAt ?? now }
        if tokens >= 1 || isUnlimited {
            tokens -= 1
            return .token
        }
        guard tokens + credit >= 1 || trySizeAgain(waiting, now) else { return nil }
        tokens -= 1
        return .trial
    }

    /// Puts the token of a call back that was not made.
    mutating func giveBack() {
        tokens = min(tokens + 1, size.capacity)
        if tokens >= size.capacity { leftFullAt = nil }
    }

    /// The time of the next token.
    func nextToken(after now: Duration) -> Duration {
        now + .milliseconds(max(Int64(((1 - tokens - credit) / refill * 1000).rounded(.up)), 1))
    }

    /// Notes that EC2 accepted a call.
    mutating func accepted(_ permit: Permit, now: Duration) {
        refusals = 0
        advance(to: now)
        leftFullAt = nil
        refill = min(refill * 1.5, size.refill)
        if permit == .trial, !isUnlimited { credit = max(credit * 2, 2) }
        if isUnlimited { tokens = max(tokens, 1) }
    }

    /// Notes that EC2 refused a call: the bucket is empty, and other callers may use it, too.
    mutating func refused(now: Duration) {
        advance(to: now)
        refusals += 1
        tokens = 0
        credit = 0
        leftFullAt = nil
        triesAgainAt = now + Backoff.doubled(.seconds(60), attempt: refusals, cap: .seconds(3600))
        if refusals > 1 { refill = max(refill / 2, size.refill / 16) }
    }

    /// True if one call may find out whether the bucket is larger than the model: much work waits, or demand has been
    /// higher than the refill for a long time.
    private mutating func trySizeAgain(_ waiting: Int, _ now: Duration) -> Bool {
        guard now >= triesAgainAt, tokens >= 0 else { return false }
        let isSustained = now - drainingSince >= .seconds(2)
        guard isSustained || Double(waiting) / refill >= 1.5 else { return false }
        credit = 1
        return true
    }
}
