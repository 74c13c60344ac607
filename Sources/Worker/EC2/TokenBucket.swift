/// One of EC2's token buckets, as far as its effect is known: a call takes a token, and a bucket without one refuses.
///
/// AWS documents the sizes and raises them on request, others use the same bucket, and an emulator has none. So the model learns: a
/// refusal empties it and slows it down; where much would wait for a bucket that the model holds to be empty, one call goes all
/// the same, and if it is taken, more follow.
struct TokenBucket: Sendable {
    /// Size and refill a second, as AWS documents them.
    struct Size: Hashable, Sendable {
        let capacity: Double
        let refill: Double

        /// Authorize, Revoke, Modify.
        static let changes = Self(capacity: 50, refill: 5)
        /// Describe calls with a filter.
        static let looks = Self(capacity: 100, refill: 20)
    }

    private let size: Size
    /// How many calls may go now. Trial calls make it negative.
    private(set) var tokens: Double
    private var refill: Double
    private var updatedAt: Duration
    /// Since when the bucket has not been full.
    private var drainingSince: Duration
    /// How far calls may go below an empty bucket, to find out whether it is larger than documented.
    private var credit = 0.0
    private var refusals = 0
    private var triesAgainAt: Duration = .zero

    /// A full bucket.
    init(_ size: Size, now: Duration) {
        self.size = size
        tokens = size.capacity
        refill = size.refill
        updatedAt = now
        drainingSince = now
    }

    /// True once so many calls went beyond the documented size that there is no bucket to speak of.
    var isUnlimited: Bool { credit >= 64 }

    /// True where the bucket has far more tokens than a busy second takes.
    var isPlenty: Bool { isUnlimited || tokens >= size.capacity * 0.9 }

    /// Lets the time pass.
    mutating func advance(to now: Duration) {
        let elapsed = now - updatedAt
        tokens = min(tokens + elapsed.seconds * refill, size.capacity)
        updatedAt = now
        if tokens >= size.capacity { drainingSince = now }
    }

    /// Leave for one call.
    enum Permit: Hashable, Sendable {
        /// By a token of the model.
        case token
        /// Beyond the model, to find out whether the bucket is larger.
        case trial
    }

    /// Takes a token, if a call may go now.
    ///
    /// - Parameter waiting: How many calls wait for tokens, this one included.
    mutating func take(waiting: Int, now: Duration) -> Permit? {
        advance(to: now)
        if tokens >= 1 || isUnlimited {
            tokens -= 1
            return .token
        }
        guard tokens + credit >= 1 || trySizeAgain(waiting, now) else { return nil }
        tokens -= 1
        return .trial
    }

    /// When the next token is there.
    func nextToken(after now: Duration) -> Duration {
        now + .milliseconds(max(Int64(((1 - tokens - credit) / refill * 1000).rounded(.up)), 1))
    }

    /// Takes note that EC2 took a call.
    mutating func accepted(_ permit: Permit) {
        refusals = 0
        refill = min(refill * 1.5, size.refill)
        if permit == .trial, !isUnlimited { credit = max(credit * 2, 2) }
        if isUnlimited { tokens = max(tokens, 1) }
    }

    /// Takes note that EC2 refused a call: the bucket is empty, and perhaps others take from it too.
    mutating func refused(now: Duration) {
        advance(to: now)
        refusals += 1
        tokens = 0
        credit = 0
        triesAgainAt = now + .seconds(min(60 << min(refusals - 1, 6), 3600))
        if refusals > 1 { refill = max(refill / 2, size.refill / 16) }
    }

    /// True where one call may find out whether the bucket is larger than the model says: much waits, or more is asked for all
    /// the time than the bucket gives.
    private mutating func trySizeAgain(_ waiting: Int, _ now: Duration) -> Bool {
        guard now >= triesAgainAt, tokens >= 0 else { return false }
        let isSustained = now - drainingSince >= .seconds(2)
        guard isSustained || Double(waiting) / refill >= 1.5 else { return false }
        credit = 1
        return true
    }
}
