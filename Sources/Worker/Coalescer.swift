/// While one call for a key is under way, whatever arrives for that key waits and forms the next call.
///
/// No timer and nothing to tune: an idle worker adds no delay, a flooded one batches by itself. A caller's cancellation does
/// not reach the call, which others share; calls are bounded by their own deadlines.
actor Coalescer<Key: Hashable & Sendable, Item: Sendable, Output: Sendable> {
    private struct Submission {
        let items: [Item]
        let continuation: CheckedContinuation<[Output], any Error>
    }

    private let limit: Int
    private let call: @Sendable (Key, [Item]) async throws -> [Output]
    /// What waits for the next call; a key is present exactly while a call for it is under way.
    private var waiting: [Key: [Submission]] = [:]

    /// - Parameters:
    ///   - limit: how many items one call carries at the most; a larger submission still goes into one call, alone.
    ///   - call: answers each item, in order. What it throws, every submission of the call gets.
    init(limit: Int, call: @escaping @Sendable (Key, [Item]) async throws -> [Output]) {
        self.limit = limit
        self.call = call
    }

    /// Waits for the call that carries `items`, and answers each, in order.
    func submit(_ items: [Item], for key: Key) async throws -> [Output] {
        guard !items.isEmpty else { return [] }
        return try await withCheckedThrowingContinuation { continuation in
            let submission = Submission(items: items, continuation: continuation)
            if waiting[key] == nil {
                waiting[key] = [submission]
                Task { await drain(key) }
            } else {
                waiting[key]?.append(submission)
            }
        }
    }

    private func drain(_ key: Key) async {
        while let batch = nextBatch(for: key) {
            do {
                let outputs = try await call(key, batch.flatMap(\.items))
                var rest = outputs[...]
                for submission in batch {
                    submission.continuation.resume(returning: Array(rest.prefix(submission.items.count)))
                    rest = rest.dropFirst(submission.items.count)
                }
            } catch {
                for submission in batch {
                    submission.continuation.resume(throwing: error)
                }
            }
        }
    }

    private func nextBatch(for key: Key) -> [Submission]? {
        guard let queue = waiting[key], let first = queue.first else {
            waiting[key] = nil
            return nil
        }
        var count = first.items.count
        let rest = queue.dropFirst().prefix { submission in
            count += submission.items.count
            return count <= limit
        }
        waiting[key] = Array(queue.dropFirst(1 + rest.count))
        return [first] + rest
    }
}
