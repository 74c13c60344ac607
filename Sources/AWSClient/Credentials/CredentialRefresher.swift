/// Fetches new credentials ahead of their end, for every cache of a session and of the sessions made from it.
///
/// A worker runs it for as long as it lives. Commands that end soon do not: their requests are never served, and their caches
/// fetch when a call needs it.
final class CredentialRefresher: Sendable {
    private let requests: AsyncStream<CredentialCache>
    private let request: AsyncStream<CredentialCache>.Continuation

    init() {
        (requests, request) = AsyncStream.makeStream()
    }

    /// Asks for a fetch. A cache asks once until the fetch has ended.
    func ask(_ cache: CredentialCache) {
        request.yield(cache)
    }

    /// Fetches what is asked for until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await cache in requests {
                group.addTask { await cache.fetchAhead() }
            }
        }
    }
}
