import TestSupport
import Testing

@testable import Worker

@Suite struct TokenBucketTests {
    private var bucket = TokenBucket(.changes, now: .zero)

    /// Takes tokens until there are none, and answers how many there were.
    private mutating func drain(at now: Duration) -> Int {
        (0...).first { _ in bucket.take(waiting: 1, now: now) == nil } ?? 0
    }

    @Test mutating func `fifty calls go at once, and five a second from then on`() {
        #expect(drain(at: .zero) == 50)
        bucket.accepted(.token, now: .zero)
        #expect(drain(at: .milliseconds(100)) == 0)
        #expect(drain(at: .milliseconds(200)) == 1)
        #expect(bucket.nextToken(after: .milliseconds(200)) == .milliseconds(400))
        bucket.advance(to: .seconds(3600))
        #expect(drain(at: .seconds(3600)) == 50)
    }

    @Test mutating func `a full bucket fills again from the first response on`() {
        #expect(drain(at: .zero) == 50)
        #expect(drain(at: .milliseconds(300)) == 0)
        bucket.accepted(.token, now: .milliseconds(300))
        #expect(drain(at: .milliseconds(499)) == 0)
        #expect(drain(at: .milliseconds(500)) == 1)
    }

    @Test mutating func `the token of a call that was not made goes to another`() {
        #expect(drain(at: .zero) == 50)
        bucket.giveBack()
        #expect(drain(at: .zero) == 1)
    }

    @Test mutating func `a first response that does not come is not waited for`() {
        #expect(drain(at: .zero) == 50)
        bucket.advance(to: .seconds(5))
        #expect(bucket.tokens == 25)
    }

    @Test mutating func `where much waits, one call tries whether the bucket is larger, and more follow if it is`() {
        #expect(drain(at: .zero) == 50)
        #expect(bucket.take(waiting: 7, now: .zero) == nil, "so few are through in a moment")
        #expect(bucket.take(waiting: 100, now: .zero) == .trial)
        #expect(bucket.take(waiting: 100, now: .zero) == nil, "its answer is awaited")
        var taken = 0
        while !bucket.isUnlimited, taken < 200 {
            bucket.accepted(.trial, now: .zero)
            while bucket.take(waiting: 100, now: .zero) != nil, taken < 200 { taken += 1 }
        }
        #expect(bucket.isUnlimited && bucket.isPlenty)
        bucket.refused(now: .zero)
        #expect(!bucket.isUnlimited && drain(at: .zero) == 0)
    }

    @Test mutating func `what is asked for all the time more than there is makes it try as well`() {
        for step in 0..<200 where bucket.take(waiting: 1, now: .milliseconds(50 * step)) == .trial { return }
        Issue.record("no call tried")
    }

    @Test mutating func `a call that is refused is not tried again for a minute, then two`() {
        _ = drain(at: .zero)
        var now = Duration.zero
        for pause in [60, 120, 240] {
            #expect(bucket.take(waiting: 1000, now: now) == .trial)
            bucket.refused(now: now)
            now += .seconds(pause)
            var isTried = false
            for early in stride(from: 200, to: 2000, by: 200) {
                if bucket.take(waiting: 1000, now: now - .seconds(pause) + .milliseconds(early)) == .trial {
                    isTried = true
                }
            }
            #expect(!isTried)
            while bucket.take(waiting: 1, now: now) == .token {}
        }
    }

    @Test mutating func `where others use the bucket too, the model slows down, and recovers`() {
        _ = drain(at: .zero)
        bucket.refused(now: .zero)
        bucket.refused(now: .zero)
        #expect(bucket.nextToken(after: .zero) == .milliseconds(400))
        bucket.accepted(.token, now: .zero)
        bucket.accepted(.token, now: .zero)
        #expect(bucket.nextToken(after: .zero) == .milliseconds(200))
    }
}
