import SecurityGroups
import Synchronization

/// EC2's token buckets as the whole process sees them: one for each account, Region and action.
final class CallQuota: Sendable {
    /// The calls that EC2 counts together.
    struct Key: Hashable, Sendable {
        let place: Place
        let action: String
    }

    private let buckets = Mutex<[Key: TokenBucket]>([:])
    private let waiting = Mutex<[Key: Int]>([:])
    let clock: WorkerClock
    private let start: ContinuousClock.Instant

    init(clock: WorkerClock) {
        self.clock = clock
        start = clock.instant()
    }

    /// The time for the buckets.
    var now: Duration { clock.instant() - start }

    /// This instant, as the time for the buckets, and no later than now.
    func time(of instant: ContinuousClock.Instant) -> Duration { min(instant - start, now) }

    /// Calls a function with the bucket of `key`.
    func with<Result>(_ key: Key, _ body: (inout TokenBucket, Duration) -> sending Result) -> sending Result {
        let now = now
        return buckets.withLock { body(&$0[key, default: TokenBucket(key.size, now: now)], now) }
    }

    /// Waits for a token, makes a call with it, and tells the bucket the result.
    func spending<Result>(_ key: Key, _ call: () async throws -> Result) async throws -> Result {
        try await spend(permit(for: key), key, call)
    }

    /// Waits for a token and makes a call with it, unless the call is outdated by then: another call takes the token.
    ///
    /// - Returns: nil if the call was not made.
    func spending<Result>(
        _ key: Key,
        unless isOutdated: () -> Bool,
        _ call: () async throws -> Result
    ) async throws -> Result? {
        let permit = try await permit(for: key)
        guard !isOutdated() else {
            with(key) { bucket, _ in bucket.giveBack() }
            return nil
        }
        return try await spend(permit, key, call)
    }

    private func spend<Result>(
        _ permit: TokenBucket.Permit,
        _ key: Key,
        _ call: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await call()
            with(key) { bucket, now in bucket.accepted(permit, now: now) }
            return result
        } catch {
            note(error, key, permit)
            throw error
        }
    }

    /// Tells a bucket about a failed call.
    func note(_ error: any Error, _ key: Key, _ permit: TokenBucket.Permit) {
        with(key) { bucket, now in
            // A look beside the call, or STS, may be refused by a bucket of its own.
            if error.isThrottling(of: key.action) {
                bucket.refused(now: now)
            } else {
                bucket.accepted(permit, now: now)
            }
        }
    }

    private func permit(for key: Key) async throws -> TokenBucket.Permit {
        waiting.withLock { $0[key, default: 0] += 1 }
        defer { waiting.withLock { $0[key, default: 1] -= 1 } }
        while true {
            let count = waiting.withLock { $0[key] ?? 1 }
            let (permit, next) = with(key) { bucket, now in
                let permit = bucket.take(waiting: count, now: now)
                return (permit, permit == nil ? bucket.nextToken(after: now) - now : .zero)
            }
            if let permit { return permit }
            try await clock.sleep(next)
        }
    }
}

extension CallQuota.Key {
    fileprivate var size: TokenBucket.Size {
        action.hasPrefix("Describe") || action.hasPrefix("Get") ? .looks : .changes
    }
}
