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
}
