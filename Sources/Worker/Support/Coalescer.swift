/// While one call for a key is under way, whatever arrives for that key waits and forms the next call.
///
/// No timer and nothing to tune: an idle worker adds no delay, a flooded one batches by itself. A caller's cancellation ends
/// its wait but not the call, which others share.
actor Coalescer<Key: Hashable & Sendable, Item: Sendable, Output: Sendable> {
    private struct Submission {
        let id: Int
        let items: [Item]
    }

    private let limit: Int
    private let call: @Sendable (Key, [Item]) async throws -> [Output]
    /// What waits for the next call; a key is present exactly while a call for it is under way.
    private var waiting: [Key: [Submission]] = [:]
    /// Who waits for a submission's answer, by its id; nobody once the caller was cancelled.
    private var callers: [Int: CheckedContinuation<[Output], any Error>] = [:]
    private var lastID = 0

    /// - Parameters:
    ///   - limit: how many items one call carries at the most; a larger submission still goes into one call, alone.
    ///   - call: answers each item, in order. What it throws, every submission of the call gets.
    init(limit: Int, call: @escaping @Sendable (Key, [Item]) async throws -> [Output]) {
        self.limit = limit
        self.call = call
    }

    /// Waits for the call that carries `items`, and answers each, in order.
    ///
    /// - Throws: what the call threw, or `CancellationError`, in which case the items go all the same.
    func submit(_ items: [Item], for key: Key) async throws -> [Output] {
        guard !items.isEmpty else { return [] }
        lastID += 1
        let id = lastID
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                callers[id] = continuation
                let submission = Submission(id: id, items: items)
                if waiting[key] == nil {
                    waiting[key] = [submission]
                    Task { await drain(key) }
                } else {
                    waiting[key]?.append(submission)
                }
            }
        } onCancel: {
            Task { await answer(id, .failure(CancellationError())) }
        }
    }

    /// How many submissions for a key wait for its next call.
    func waitingCount(for key: Key) -> Int {
        waiting[key]?.count ?? 0
    }

    private func answer(_ id: Int, _ result: Result<[Output], any Error>) {
        callers.removeValue(forKey: id)?.resume(with: result)
    }

    private func drain(_ key: Key) async {
        while let batch = nextBatch(for: key) {
            do {
                let outputs = try await call(key, batch.flatMap(\.items))
                var rest = outputs[...]
                for submission in batch {
                    answer(submission.id, .success(Array(rest.prefix(submission.items.count))))
                    rest = rest.dropFirst(submission.items.count)
                }
            } catch {
                for submission in batch {
                    answer(submission.id, .failure(error))
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
