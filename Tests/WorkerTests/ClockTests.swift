import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite struct ClockTests {
    @Test func `those who wait for the next multiple of a period wake at the same moment`() async throws {
        let time = VirtualTime()
        let (clock, start) = (time.clock, time.instant)
        time.advance(.milliseconds(10_700))
        try await clock.sleep(toNext: .seconds(5))
        #expect(time.instant == start + .seconds(15))
        try await clock.sleep(toNext: .seconds(10))
        #expect(time.instant == start + .seconds(20))
        try await clock.sleep(toNext: .seconds(5))
        #expect(time.instant == start + .seconds(25))
    }

    @Test func `who wakes a hair before a multiple waits for the one after it`() async throws {
        let time = VirtualTime()
        let start = time.instant
        let asked = Mutex<[Duration]>([])
        let now = Mutex(start)
        let clock = WorkerClock(
            now: { time.now },
            instant: { now.withLock(\.self) },
            sleep: { duration in asked.withLock { $0.append(duration) } }
        )
        now.withLock { $0 = start + .seconds(5) - .nanoseconds(1) }
        try await clock.sleep(toNext: .seconds(5))
        #expect(asked.withLock(\.self) == [.seconds(5) + .nanoseconds(1)])
    }
}
