import TestSupport
import Testing

@testable import Worker

/// The request to stop.
@Suite struct StopSignalTests {
    @Test func `a stop is heard by those who wait, those who come later, and those who sleep`() async {
        let stop = StopSignal()
        #expect(!stop.isRequested)
        await withDiscardingTaskGroup { group in
            for _ in 0..<5 { group.addTask { await stop.wait() } }
            let endless = VirtualTime()
            group.addTask { await stop.sleep(for: VirtualTime.endless, clock: endless.clock) }
            group.addTask { stop.request() }
        }
        #expect(stop.isRequested)
        stop.request()
        await stop.wait()
    }

    @Test func `a wait and a sleep end when their task is cancelled, and a sleep when its time is over`() async {
        let stop = StopSignal()
        let time = VirtualTime()
        let waits = Task { await stop.wait() }
        let sleeps = Task { await stop.sleep(for: VirtualTime.endless, clock: time.clock) }
        waits.cancel()
        sleeps.cancel()
        await waits.value
        await sleeps.value
        await stop.sleep(for: .seconds(7), clock: time.clock)
        #expect(time.slept == [.seconds(7)])
        #expect(!stop.isRequested)
    }
}
