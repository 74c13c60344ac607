import Synchronization

/// While a call for a key is under way, whatever arrives for that key waits and forms the next call.
///
/// There is no timer and nothing to tune: an idle worker adds no delay, a flooded one batches by itself. The call runs in the task
/// of one of its callers, the leader, so it costs no task of its own. When the leader is cancelled in the middle of its call, the
/// other callers make the call again: a call must be harmless when it is made twice.
final class Coalescer<Key: Hashable & Sendable, Item: Sendable, Output: Sendable>: Sendable {
    /// How a wait in the line ends.
    private enum Turn {
        case answered([Output])
        /// The waiting caller makes this call for all.
        case leads([Submission])
    }

    private final class Submission: Sendable {
        let items: [Item]
        let turn = Promise<Turn>()
        private let abandoned = Atomic(false)

        init(_ items: [Item]) { self.items = items }

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
    ///   - limit: how many items one call carries at the most; a larger submission still goes into one call, alone.
    ///   - width: how many calls for one key are under way at the most. The second and later ones start only when they are full.
    ///   - call: answers each item, in order. What it throws, every caller of that call gets.
    init(limit: Int, width: Int = 1, call: @escaping @Sendable (Key, [Item]) async throws -> [Output]) {
        self.limit = limit
        self.width = width
        self.call = call
    }

    /// Waits for the call that carries `items`, and answers each, in order.
    ///
    /// - Throws: what the call threw, or `CancellationError`; then the items may still go with somebody else's call.
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
        do {
            switch try await mine.turn.value() {
            case .answered(let outputs): return outputs
            case .leads(let batch): return try await lead(batch, mine, key)
            }
        } catch {
            if Task.isCancelled { leave(mine, key) }
            throw error
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
        // Only this copy of the line's queue may exist, or each change would copy it.
        lines[key] = nil
        var batch: [Submission] = []
        var count = 0
        while let next = line.waiting.first, batch.isEmpty || count + next.items.count <= limit {
            _ = line.waiting.popFirst()
            count += next.items.count
            batch.append(next)
        }
        line.waitingItems -= count
        // Without any caller that still waits, nobody needs the call.
        let isNeeded = leader(of: batch) != nil
        if isNeeded { line.underWay += 1 }
        lines[key] = line
        return isNeeded ? batch : nextBatch(&lines, key)
    }

    /// Who makes the call of `batch`: the first caller that was not cancelled.
    private func leader(of batch: [Submission]) -> Submission? {
        batch.first { !$0.isAbandoned }
    }

    /// Wakes the leader of a call, who makes it; if the leader was cancelled meanwhile, another caller takes its place.
    private func start(_ batch: [Submission], _ key: Key) {
        var batch = batch
        while !batch.isEmpty, leader(of: batch)?.turn.settle(.success(.leads(batch))) != true {
            batch = putBack(batch, key)
        }
    }

    /// Lets a cancelled caller go.
    private func leave(_ mine: Submission, _ key: Key) {
        mine.abandon()
        let isOpen = mine.turn.settle(.failure(CancellationError()))
        guard !isOpen, case .success(.leads(let batch)) = mine.turn.result else { return }
        start(putBack(batch, key), key)
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
