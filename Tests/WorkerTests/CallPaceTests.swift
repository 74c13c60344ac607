import Synchronization
import Testing

@testable import Worker

@Suite("Fewer calls when the service throttles")
struct CallPaceTests {
    private struct Throttled: Error {}

    private final class Running: Sendable {
        let state = Mutex((now: 0, most: 0))

        func change(by count: Int) {
            state.withLock {
                $0.now += count
                $0.most = max($0.most, $0.now)
            }
        }
    }

    private func run(_ pace: CallPace<String>, _ key: String = "key", isThrottled: Bool = false) async {
        try? await pace.run(key, isThrottling: { $0 is Throttled }) {
            if isThrottled { throw Throttled() }
        }
    }

    @Test("A throttling halves, down to one; a round of successes adds one, up to the maximum; each key for itself")
    func limits() async {
        let pace = CallPace<String>(start: 10, maximum: 12)
        await run(pace, isThrottled: true)
        #expect(await pace.limit(for: "key") == 5)
        for _ in 0..<9 { await run(pace, isThrottled: true) }
        #expect(await pace.limit(for: "key") == 1)
        #expect(await pace.limit(for: "other") == 10)
        await run(pace)
        #expect(await pace.limit(for: "key") == 2)
        for _ in 0..<200 { await run(pace) }
        #expect(await pace.limit(for: "key") == 12)
    }

    @Test("No more calls are under way than the limit says, and all get their turn")
    func turns() async {
        let pace = CallPace<String>(start: 3, maximum: 3)
        let running = Running()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    try? await pace.run("key", isThrottling: { _ in false }) {
                        running.change(by: 1)
                        await Task.yield()
                        running.change(by: -1)
                    }
                }
            }
        }
        #expect(running.state.withLock(\.now) == 0)
        #expect(running.state.withLock(\.most) == 3)
    }
}
