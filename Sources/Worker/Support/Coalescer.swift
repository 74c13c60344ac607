import AWSClient
import Synchronization

/// While a call for a key is under way, everything that arrives for that key waits and forms the next call.
///
/// There is no timer and nothing to tune: an idle worker adds no delay, and a busy one batches by itself. The call runs
/// in the task of one of its callers, the leader, so it needs no task of its own. If the leader is cancelled during its
/// call, the other callers make the call again, so a call must be harmless when it is made twice.
final class Coalescer<Key: Hashable & Sendable, Item: Sendable, Output: Sendable>: Sendable {
    /// How a wait in the line ends.
    private enum Turn {
        case answered([Output])
        /// The waiting caller makes the call of its batch for all.
        case leads
    }

    private final class Submission: Sendable {
        let items: [Item]
        let turn = Promise<Turn>()
        private let abandoned = Atomic(false)
        /// The batch that this caller is to lead. It holds the caller, so it stays here only until the caller takes it.
        private let batch = Mutex<[Submission]>([])

        init(_ items: [Item]) { self.items = items }

        /// - Returns: False if the caller no longer waits.
        func lead(_ batch: [Submission]) -> Bool {
            self.batch.withLock { $0 = batch }
            if turn.settle(.success(.leads)) { return true }
            _ = takeBatch()
            return false
        }

        func takeBatch() -> [Submission] {
            batch.withLock { batch in
                defer { batch = [] }
                return batch
            }
        }

        var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }
        func abandon() { abandoned.store(true, ordering: .releasing) }
    }

    private struct Line {
        var underWay = 0
        var waiting = FIFO<Submission>()
        var waitingItems = 0
    }

    private let limit: Int
    private let width: Int
    private let call: @Sendable (Key, [Item]) async throws -> [Output]
    private let lines = Mutex<[Key: Line]>([:])

    /// - Parameters:
    ///   - limit: The largest number of items in one call. A larger submission still goes into one call, alone.
    ///   - width: The largest number of calls for one key at the same time. Further calls start only when they are full.
    ///   - call: Returns a result for each item, in order. Every caller of the call gets the error that it throws.
    init(limit: Int, width: Int = 1, call: @escaping @Sendable (Key, [Item]) async throws -> [Output]) {
        self.limit = limit
        self.width = width
        self.call = call
    }

    /// Waits for the call that carries `items`. Returns the result of each, in order.
    ///
    /// - Throws: The error of the call, or `CancellationError`. After a cancellation the items may still go with
    ///   another caller's call.
    func submit(_ items: [Item], for key: Key) async throws -> [Output] {
        guard !items.isEmpty else { return [] }
        let mine = Submission(items)
        let batch = lines.withLock { lines in
            lines[key, default: Line()].waiting.append(mine)
            lines[key]?.waitingItems += items.count
            return nextBatch(&lines, key)
        }
        if leader(of: batch) === mine { return try await lead(batch, mine, key) }
        start(batch, key)
        let turn: Turn
        do {
            turn = try await mine.turn.value()
        } catch {
            if Task.isCancelled { leave(mine, key) }
            throw error
        }
        switch turn {
        case .answered(let outputs): return outputs
        case .leads: return try await lead(mine.takeBatch(), mine, key)
        }
    }

    /// How many submissions for a key wait for its next call.
    func waitingCount(for key: Key) -> Int {
        lines.withLock { $0[key]?.waiting.count ?? 0 }
    }

    /// Makes the call of `batch`, hands out its answers, and starts the next call.
    private func lead(_ batch: [Submission], _ mine: Submission, _ key: Key) async throws -> [Output] {
        let result: Result<[Output], any Error>
        do {
            result = .success(try await call(key, batch.count == 1 ? mine.items : batch.flatMap(\.items)))
        } catch {
            result = .failure(error)
        }
        let others = batch.filter { $0 !== mine }
        let isCutShort = if case .failure = result { Task.isCancelled } else { false }
        start(
            lines.withLock { lines in
                lines[key]?.underWay -= 1
                if isCutShort {
                    lines[key]?.waiting.prepend(others)
                    lines[key]?.waitingItems += others.reduce(0) { $0 + $1.items.count }
                }
                return nextBatch(&lines, key)
            },
            key
        )
        if isCutShort { return try result.get() }
        return try handOut(result, batch, mine)
    }

    private func handOut(
        _ result: Result<[Output], any Error>,
        _ batch: [Submission],
        _ mine: Submission
    ) throws -> [Output] {
        guard case .success(let outputs) = result else {
            for submission in batch where submission !== mine { submission.turn.settle(result.map { .answered($0) }) }
            return try result.get()
        }
        guard batch.count > 1 else { return outputs }
        var rest = outputs[...]
        var own: [Output] = []
        for submission in batch {
            let answers = Array(rest.prefix(submission.items.count))
            rest = rest.dropFirst(submission.items.count)
            if submission === mine { own = answers } else { submission.turn.settle(.success(.answered(answers))) }
        }
        return own
    }

    /// Takes the submissions of the next call out of the line, if a call may start now.
    private func nextBatch(_ lines: inout [Key: Line], _ key: Key) -> [Submission] {
        guard var line = lines[key] else { return [] }
        guard !line.waiting.isEmpty, line.underWay == 0 || (line.underWay < width && line.waitingItems >= limit) else {
            if line.waiting.isEmpty, line.underWay == 0 { lines[key] = nil }
            return []
        }
        // This must be the only copy of the line's queue, or each change would copy it.
        lines[key] = nil
        var batch: [Submission] = []
        var count = 0
        while let next = line.waiting.first, batch.isEmpty || count + next.items.count <= limit {
            _ = line.waiting.popFirst()
            count += next.items.count
            batch.append(next)
        }
        line.waitingItems -= count
        // If no caller waits any more, the call is not made.
        let isNeeded = leader(of: batch) != nil
        if isNeeded { line.underWay += 1 }
        lines[key] = line
        return isNeeded ? batch : nextBatch(&lines, key)
    }

    /// The first caller that was not cancelled makes the call of `batch`.
    private func leader(of batch: [Submission]) -> Submission? {
        batch.first { !$0.isAbandoned }
    }

    /// Wakes the leader of a call. If the leader was cancelled meanwhile, another caller takes its place.
    private func start(_ batch: [Submission], _ key: Key) {
        var batch = batch
        while !batch.isEmpty, leader(of: batch)?.lead(batch) != true {
            batch = putBack(batch, key)
        }
    }

    /// Removes a cancelled caller.
    private func leave(_ mine: Submission, _ key: Key) {
        mine.abandon()
        let isOpen = mine.turn.settle(.failure(CancellationError()))
        guard !isOpen, case .success(.leads) = mine.turn.result else { return }
        start(putBack(mine.takeBatch(), key), key)
    }

    /// Puts a call that was not made back into the line, and takes the next one out.
    private func putBack(_ batch: [Submission], _ key: Key) -> [Submission] {
        lines.withLock { lines in
            lines[key]?.underWay -= 1
            lines[key]?.waiting.prepend(batch)
            lines[key]?.waitingItems += batch.reduce(0) { $0 + $1.items.count }
            return nextBatch(&lines, key)
        }
    }
}
