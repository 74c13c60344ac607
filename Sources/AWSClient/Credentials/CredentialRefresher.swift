/// Fetches new credentials ahead of their end, for every cache of a session and of the sessions made from it.
///
/// A worker runs it for as long as it lives. Commands that end soon do not: their requests are never served, and their caches
/// fetch when a call needs it.
final class CredentialRefresher: Sendable {
    private typealias Fetch = @Sendable () async -> Void

    private let requests: AsyncStream<Fetch>
    private let request: AsyncStream<Fetch>.Continuation

    init() {
        (requests, request) = AsyncStream.makeStream()
    }

    /// Asks for a fetch. A cache asks once until the fetch has ended.
    func ask(_ fetch: @escaping @Sendable () async -> Void) {
        request.yield(fetch)
    }

    /// Fetches what is asked for until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await fetch in requests {
                group.addTask { await fetch() }
            }
        }
    }
}
