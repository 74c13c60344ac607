import Foundation

/// A receive that went on for longer than it can.
struct PollAbandoned: Error, CustomStringConvertible {
    let bound: Duration

    var description: String {
        "a receive did not end within \(Int(bound.seconds)) s and was abandoned with its connection; check the network and proxy"
    }
}

/// Waits for `work`, `bound` at the most; then leaves it behind, even if it does not heed its cancellation.
///
/// The HTTP client has a deadline of its own. This one is for the day on which that fails, since a poller that waits for ever is
/// a worker that stopped without a word.
func abandoning<Output: Sendable>(
    after bound: Duration,
    clock: WorkerClock,
    _ work: @escaping @Sendable () async throws -> Output
) async throws -> Output {
    let (results, promise) = AsyncThrowingStream.makeStream(of: Output.self)
    let working = Task {
        do {
            promise.yield(try await work())
            promise.finish()
        } catch {
            promise.finish(throwing: error)
        }
    }
    let watchdog = Task {
        try await clock.sleep(bound)
        promise.finish(throwing: PollAbandoned(bound: bound))
    }
    defer {
        working.cancel()
        watchdog.cancel()
    }
    for try await result in results { return result }
    throw CancellationError()
}
