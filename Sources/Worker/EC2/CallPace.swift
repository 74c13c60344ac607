/// How many calls of one kind are under way at once: one more after a round of successes, half after a throttling.
///
/// EC2's quota is per account, Region and action, whoever calls; so is the pace.
actor CallPace<Key: Hashable & Sendable> {
    private struct Lane {
        var limit: Double
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let start: Double
    private let maximum: Double
    private var lanes: [Key: Lane] = [:]

    /// - Parameters:
    ///   - start: how many calls may be under way before anything is known of the service.
    ///   - maximum: how many at the most.
    init(start: Int, maximum: Int) {
        self.start = Double(start)
        self.maximum = Double(maximum)
    }

    /// How many calls for `key` may be under way now.
    func limit(for key: Key) -> Int {
        Int(lanes[key]?.limit ?? start)
    }

    /// Does `call` as soon as it may be under way.
    ///
    /// - Parameter isThrottling: whether an error that `call` threw asks for fewer calls.
    func run<Output: Sendable>(
        _ key: Key,
        isThrottling: @Sendable (any Error) -> Bool,
        _ call: @Sendable () async throws -> Output
    ) async throws -> Output {
        while lanes[key, default: Lane(limit: start)].running >= limit(for: key) {
            await withCheckedContinuation { lanes[key, default: Lane(limit: start)].waiters.append($0) }
        }
        lanes[key, default: Lane(limit: start)].running += 1
        do {
            let output = try await call()
            ended(key) { $0 + 1 / $0 }
            return output
        } catch {
            ended(key) { isThrottling(error) ? $0 / 2 : $0 }
            throw error
        }
    }

    private func ended(_ key: Key, _ change: (Double) -> Double) {
        guard var lane = lanes[key] else { return }
        lane.running -= 1
        lane.limit = min(max(change(lane.limit), 1), maximum)
        let woken = lane.waiters
        lane.waiters = []
        lanes[key] = lane
        for waiter in woken { waiter.resume() }
    }
}
