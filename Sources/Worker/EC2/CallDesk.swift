import AWSClient
import SecurityGroups
import Synchronization

/// Gathers work for calls that have a quota. While tokens are plenty, a group's work goes at once. As they run out,
/// work gathers, and no call is made that EC2's bucket would refuse.
///
/// There is one call at a time for each group. When tokens are scarce, a group that has waited for long goes first, and
/// among the others the group with the most work. The waiting tasks make the calls: a task that submits work makes the
/// call that carries it, or gets its result from another task.
final class CallDesk<Group: Hashable & Sendable, Item: Sendable, Output: Sendable>: Sendable {
    /// The answer to a waiting task.
    private enum Turn: Sendable {
        /// Its work was done.
        case answered([Output])
        /// It makes the call of this batch.
        case leads(Batch)
        /// It waits for the time at which a call may be made.
        case keepsTime
    }

    private struct Batch: Sendable {
        let group: Group
        let submissions: [Submission]
        let permit: TokenBucket.Permit
    }

    private final class Submission: Sendable {
        let items: [Item]
        /// The time since which the work has waited, here or in an earlier submission.
        let since: Duration
        private let mayBeDone = Atomic(false)
        private let current = Mutex((turn: Promise<Turn>(), isGone: false))

        init(_ items: [Item], since: Duration) {
            self.items = items
            self.since = since
        }

        var entries: [Entry] {
            let mayBeDone = mayBeDone.load(ordering: .acquiring)
            return items.map { Entry(item: $0, mayBeDone: mayBeDone) }
        }

        /// Notes that a call may have done the work, whose response was lost.
        func noteLostResponse() { mayBeDone.store(true, ordering: .releasing) }

        var turn: Promise<Turn> { current.withLock { $0.turn } }

        /// Creates a new turn, unless another task did so after `turn` was used.
        func renew(after turn: Promise<Turn>) {
            current.withLock { if $0.turn === turn { $0.turn = Promise() } }
        }

        /// Tells the task what comes next for it.
        ///
        /// - Returns: False if the task no longer waits.
        func deliver(_ next: Result<Turn, any Error>) -> Bool {
            current.withLock { current in
                if current.isGone { return false }
                if case .success(.keepsTime)? = current.turn.result { current.turn = Promise() }
                return current.turn.settle(next)
            }
        }

        /// Removes the task. Returns what it was told before.
        func leave() -> Turn? {
            current.withLock { current in
                current.isGone = true
                // The batch that it was told to lead holds the task.
                defer { current.turn = Promise() }
                return current.turn.result.flatMap { try? $0.get() }
            }
        }
    }

    private struct Line {
        /// Those who have waited longest come first.
        var waiting: [Submission] = []
        var count = 0
        var isUnderWay = false
        var widest = 0
    }

    private struct State {
        var lines: [Group: Line] = [:]
        /// The groups that have work and no call under way.
        var ready: Set<Group> = []
        var underWay = 0
        var timekeeper: Submission?
        /// The time of the last work, and how often work came shortly before.
        var lastArrival: Duration = .zero
        var recentArrivals = 0
        var oldest: Duration?
    }

    private let key: CallQuota.Key
    private let quota: CallQuota
    private let limit: Int
    private let call: @Sendable (Group, [Entry]) async throws -> [Output]
    /// True for a result for which something was sent.
    private let wasSent: @Sendable (Output) -> Bool
    /// The weight of an item. Among groups with the same amount of work, the one with the higher weight goes first.
    private let weight: @Sendable (Item) -> Int
    private let isDraining: @Sendable () -> Bool?
    private let state = Mutex(State())

    /// Work that arrives within this time belongs together.
    private static var quiet: Duration { .milliseconds(20) }
    /// So long at most work waits for more.
    private static var patience: Duration { .milliseconds(500) }
    /// So long at most, where the calls of now would take half of what is left in the bucket: each call then costs much.
    private static var longPatience: Duration { .seconds(3) }
    /// A group that has waited for longer goes before groups with more work.
    private static var longestTurn: Duration { .seconds(15) }
    /// While more work is coming, so often is looked whether it has come.
    private static var drainCheck: Duration { .milliseconds(5) }
    /// So many calls are under way at the most.
    private static var width: Int { 50 }

    init(
        key: CallQuota.Key,
        quota: CallQuota,
        limit: Int,
        isDraining: @escaping @Sendable () -> Bool?,
        weight: @escaping @Sendable (Item) -> Int,
        wasSent: @escaping @Sendable (Output) -> Bool = { _ in true },
        call: @escaping @Sendable (Group, [Entry]) async throws -> [Output]
    ) {
        self.key = key
        self.quota = quota
        self.limit = limit
        self.isDraining = isDraining
        self.weight = weight
        self.wasSent = wasSent
        self.call = call
    }

    /// True if work that is submitted now would wait.
    var isBusy: Bool {
        isDraining() == true || state.withLock { !$0.ready.isEmpty || $0.recentArrivals > 2 }
            || quota.with(key) { bucket, now in
                bucket.advance(to: now)
                return !bucket.isPlenty
            }
    }

    /// Waits for the call that carries `items`. Returns the result of each, in order.
    ///
    /// - Parameter since: The time since which the work has waited; nil for work that was not in the line before.
    func submit(
        _ items: [Item],
        for group: Group,
        since: ContinuousClock.Instant? = nil
    ) async throws -> [Output] {
        guard !items.isEmpty else { return [] }
        let mine = Submission(items, since: since.map(quota.time) ?? quota.now)
        state.withLock { arrive(mine, group, &$0) }
        advance()
        do {
            return try await outputs(for: mine)
        } catch {
            if Task.isCancelled { leave(mine, group) }
            throw error
        }
    }

    private func outputs(for mine: Submission) async throws -> [Output] {
        while true {
            let turn = mine.turn
            switch try await turn.value() {
            case .answered(let outputs): return outputs
            case .leads(let batch):
                mine.renew(after: turn)
                if let outputs = try await lead(batch, mine) { return outputs }
            case .keepsTime:
                mine.renew(after: turn)
                try await keepTime(mine)
            }
        }
    }

    private func arrive(_ mine: Submission, _ group: Group, _ state: inout State) {
        let now = quota.now
        var line = state.lines.removeValue(forKey: group) ?? Line()
        let before = line.waiting.lastIndex { $0.since <= mine.since }
        line.waiting.insert(mine, at: before.map { $0 + 1 } ?? 0)
        line.count += mine.items.count
        line.widest = max(line.widest, mine.items.map(weight).max() ?? 0)
        if !line.isUnderWay { state.ready.insert(group) }
        state.lines[group] = line
        state.recentArrivals = now - state.lastArrival < Self.quiet ? state.recentArrivals + 1 : 0
        state.lastArrival = now
        state.oldest = state.oldest ?? now
    }

    /// Waits, on behalf of all, until a call may be made.
    private func keepTime(_ mine: Submission) async throws {
        let turn = mine.turn
        while !turn.isSettled, let due = dueTime() {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await turn.value() }
                group.addTask { [quota] in try await quota.clock.sleep(max(due - quota.now, .milliseconds(1))) }
                defer { group.cancelAll() }
                _ = try await group.next()
            }
            advance()
        }
        state.withLock { if $0.timekeeper === mine { $0.timekeeper = nil } }
        advance()
    }

    private func dueTime() -> Duration? {
        let now = quota.now
        let next = quota.with(key) { bucket, now in bucket.nextToken(after: now) }
        return state.withLock { state in
            // When a call ends, `advance` appoints another timekeeper.
            guard !state.ready.isEmpty, state.underWay < Self.width else { return nil }
            guard isGathering(state, now) else { return next }
            let quiet = state.lastArrival + Self.quiet
            return quiet > now ? quiet : now + Self.drainCheck
        }
    }

    /// Starts the calls that may be made, and lets one task wait for the others.
    private func advance() {
        let now = quota.now
        let batches = state.withLock { state -> [Batch] in
            var batches: [Batch] = []
            while state.underWay < Self.width, !isGathering(state, now), let next = nextBatch(&state) {
                batches.append(next)
            }
            appointTimekeeper(&state)
            return batches
        }
        for batch in batches { start(batch) }
    }

    private func appointTimekeeper(_ state: inout State) {
        guard state.timekeeper == nil, state.underWay < Self.width else { return }
        for group in state.ready {
            for submission in state.lines[group]?.waiting ?? [] where submission.deliver(.success(.keepsTime)) {
                state.timekeeper = submission
                return
            }
        }
    }

    /// True while more work is coming, so that a call now would carry only a part of it.
    private func isGathering(_ state: State, _ now: Duration) -> Bool {
        guard let oldest = state.oldest else { return false }
        let (isUnlimited, tokens) = quota.with(key) { bucket, now in
            bucket.advance(to: now)
            return (bucket.isUnlimited, bucket.tokens)
        }
        let patience = Double(state.ready.count) >= tokens / 2 ? Self.longPatience : Self.patience
        guard !isUnlimited, now - oldest < patience else { return false }
        if let isDraining = isDraining() { return isDraining }
        return state.recentArrivals > 2 && now - state.lastArrival < Self.quiet
    }

    /// The group that has waited for too long, or the one with the most work.
    private func nextGroup(_ state: State) -> Group? {
        let now = quota.now
        func since(_ group: Group) -> Duration { state.lines[group]?.waiting.first?.since ?? now }
        if let oldest = state.ready.min(by: { since($0) < since($1) }), now - since(oldest) > Self.longestTurn {
            return oldest
        }
        return state.ready.max { first, second in
            let (one, two) = (state.lines[first], state.lines[second])
            return (one?.count ?? 0, one?.widest ?? 0) < (two?.count ?? 0, two?.widest ?? 0)
        }
    }

    /// Takes the next group out of the line, if there is a token.
    private func nextBatch(_ state: inout State) -> Batch? {
        let waiting = state.ready.count
        guard waiting > 0, let permit = quota.with(key, { $0.take(waiting: waiting, now: $1) }),
            let group = nextGroup(state), var line = state.lines[group]
        else { return nil }
        var taken: [Submission] = []
        var count = 0
        while let next = line.waiting.first, taken.isEmpty || count + next.items.count <= limit {
            line.waiting.removeFirst()
            taken.append(next)
            count += next.items.count
        }
        line.count -= count
        line.isUnderWay = true
        state.lines[group] = line
        state.ready.remove(group)
        state.underWay += 1
        if state.ready.isEmpty { state.oldest = nil }
        if let keeper = state.timekeeper, taken.contains(where: { $0 === keeper }) { state.timekeeper = nil }
        return Batch(group: group, submissions: taken, permit: permit)
    }

    /// Lets the first task of a batch that still waits make the call.
    private func start(_ batch: Batch) {
        if batch.submissions.contains(where: { $0.deliver(.success(.leads(batch))) }) { return }
        ended(batch, comesBack: [])
        advance()
    }

    /// Makes the call of a batch. Returns nil if EC2's bucket refused it and the work went back to its place.
    private func lead(_ batch: Batch, _ mine: Submission) async throws -> [Output]? {
        let result: Result<[Output], any Error>
        var comesBack: [Submission] = []
        do {
            let outputs = try await call(batch.group, batch.submissions.flatMap(\.entries))
            let isSpent = outputs.contains(where: wasSent)
            quota.with(key) { bucket, now in
                if isSpent { bucket.accepted(batch.permit, now: now) } else { bucket.giveBack() }
            }
            result = .success(outputs)
        } catch {
            quota.note(error, key, batch.permit)
            result = .failure(error)
            comesBack = returning(batch, mine, after: error)
        }
        ended(batch, comesBack: comesBack)
        if comesBack.isEmpty {
            let outputs = handOut(result, batch, mine)
            advance()
            return try outputs.get()
        }
        advance()
        if Task.isCancelled { return try result.get() }
        return nil
    }

    /// The work of a failed call that goes back into the line.
    private func returning(_ batch: Batch, _ mine: Submission, after error: any Error) -> [Submission] {
        if Task.isCancelled {
            // A task that was cancelled during the call ends alone. Its request may have arrived.
            let others = batch.submissions.filter { $0 !== mine }
            for other in others { other.noteLostResponse() }
            return others
        }
        // The bucket had fewer tokens than the model.
        guard error.isThrottling(of: key.action) else { return [] }
        if (error as? AWSServiceError)?.mayFollowEffect == true {
            for submission in batch.submissions { submission.noteLostResponse() }
        }
        return batch.submissions
    }

    private func ended(_ batch: Batch, comesBack: [Submission]) {
        let now = quota.now
        state.withLock { state in
            state.underWay -= 1
            var line = state.lines[batch.group] ?? Line()
            line.isUnderWay = false
            line.waiting.insert(contentsOf: comesBack, at: 0)
            if !comesBack.isEmpty { line.waiting.sort { $0.since < $1.since } }
            line.count += comesBack.reduce(0) { $0 + $1.items.count }
            state.lines[batch.group] = line.waiting.isEmpty ? nil : line
            guard !line.waiting.isEmpty else { return }
            state.ready.insert(batch.group)
            state.oldest = state.oldest ?? now
        }
    }

    private func handOut(
        _ result: Result<[Output], any Error>,
        _ batch: Batch,
        _ mine: Submission
    ) -> Result<[Output], any Error> {
        var own = result
        var rest = ((try? result.get()) ?? [])[...]
        for submission in batch.submissions {
            let answers = Array(rest.prefix(submission.items.count))
            rest = rest.dropFirst(submission.items.count)
            if submission === mine {
                own = result.map { _ in answers }
            } else {
                _ = submission.deliver(result.map { _ in .answered(answers) })
            }
        }
        return own
    }

    /// Removes the work of a cancelled task from its line.
    private func leave(_ mine: Submission, _ group: Group) {
        let told = mine.leave()
        state.withLock { state in
            if state.timekeeper === mine { state.timekeeper = nil }
            guard let index = state.lines[group]?.waiting.firstIndex(where: { $0 === mine }) else { return }
            state.lines[group]?.waiting.remove(at: index)
            state.lines[group]?.count -= mine.items.count
            guard state.lines[group]?.waiting.isEmpty == true else { return }
            state.ready.remove(group)
            if state.lines[group]?.isUnderWay == false { state.lines[group] = nil }
        }
        if case .leads(let batch)? = told { start(batch) } else { advance() }
    }
}
