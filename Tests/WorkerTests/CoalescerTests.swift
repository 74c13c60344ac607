import Synchronization
import Testing

@testable import Worker

/// While a call is in flight, work gathers.
@Suite struct CoalescerTests {
    /// What the calls carried; the first waits at the door.
    private final class Calls: Sendable {
        let door = Door()
        let began = Door()
        private let batches = Mutex<[[Int]]>([])

        var all: [[Int]] { batches.withLock { $0 } }

        func call(_ items: [Int]) async -> [Int] {
            let isFirst = batches.withLock {
                $0.append(items)
                return $0.count == 1
            }
            if isFirst {
                began.open()
                await door.pass()
            }
            return items.map { $0 * 10 }
        }
    }

    /// Submits `first`, then, while its call is in flight, `later` in their order, and answers what each got.
    private func answers(
        _ calls: Calls,
        limit: Int,
        first: [Int],
        later: [[Int]],
        body: @escaping @Sendable (String, [Int]) async throws -> [Int]
    ) async throws -> [[Int]] {
        let coalescer = Coalescer<String, Int, Int>(limit: limit, call: body)
        var tasks = [Task { try await coalescer.submit(first, for: "key") }]
        await calls.began.pass()
        for (index, items) in later.enumerated() {
            tasks.append(Task { try await coalescer.submit(items, for: "key") })
            while coalescer.waitingCount(for: "key") <= index { await Task.yield() }
        }
        calls.door.open()
        var answers: [[Int]] = []
        for task in tasks { answers.append(try await task.value) }
        return answers
    }

    @Test func `what arrives during a call forms the next one, in order, and each submitter gets its own answers`()
        async throws
    {
        let calls = Calls()
        let answers = try await answers(calls, limit: 10, first: [1], later: [[2, 3], [4], [5]]) { _, items in
            await calls.call(items)
        }
        #expect(calls.all == [[1], [2, 3, 4, 5]])
        #expect(answers == [[10], [20, 30], [40], [50]])
    }

    @Test(arguments: [
        (3, [[1], [2, 3], [4], [5, 6]], [[0], [1, 2, 3], [4, 5, 6]]),
        (2, [[1], [2, 3], [4]], [[0], [1], [2, 3], [4]]),
        (2, [[1, 2, 3, 4], [5]], [[0], [1, 2, 3, 4], [5]]),
        (1, [[1], [2]], [[0], [1], [2]]),
    ]
    )
    func `a call carries no more than the limit, and a larger submission goes alone`(
        limit: Int,
        later: [[Int]],
        batches: [[Int]]
    ) async throws {
        let calls = Calls()
        let answers = try await answers(calls, limit: limit, first: [0], later: later) { _, items in
            await calls.call(items)
        }
        #expect(calls.all == batches)
        #expect(answers == ([[0]] + later).map { $0.map { $0 * 10 } })
    }

    private struct Broken: Error {}

    @Test func `what a call throws, all who share it get, and the next call is unharmed`() async throws {
        let calls = Calls()
        let coalescer = Coalescer<String, Int, Int>(limit: 10) { _, items in
            let answers = await calls.call(items)
            if items.contains(2) { throw Broken() }
            return answers
        }
        let first = Task { try await coalescer.submit([1], for: "key") }
        await calls.began.pass()
        let sharers = [[2], [3]].map { items in Task { try await coalescer.submit(items, for: "key") } }
        while coalescer.waitingCount(for: "key") < 2 { await Task.yield() }
        calls.door.open()
        #expect(try await first.value == [10])
        for sharer in sharers {
            await #expect(throws: Broken.self) { try await sharer.value }
        }
        #expect(try await coalescer.submit([4], for: "key") == [40])
    }

    @Test func `a hundred submitters of five keys each get their own answers, and no call mixes keys`() async throws {
        let coalescer = Coalescer<Int, Int, String>(limit: 7) { key, items in
            await Task.yield()
            return items.map { "\(key):\($0)" }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let items = Array(number...(number + number % 9))
                    let answers = try await coalescer.submit(items, for: number % 5)
                    #expect(answers == items.map { "\(number % 5):\($0)" })
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `one key's call does not hold up another's, and nothing at all makes no call`() async throws {
        let calls = Calls()
        let coalescer = Coalescer<String, Int, Int>(limit: 10) { key, items in
            key == "slow" ? await calls.call(items) : items
        }
        let slow = Task { try await coalescer.submit([1], for: "slow") }
        await calls.began.pass()
        #expect(try await coalescer.submit([2], for: "fast") == [2])
        #expect(try await coalescer.submit([], for: "slow") == [])
        calls.door.open()
        #expect(try await slow.value == [10])
        #expect(calls.all == [[1]])
    }

    @Test func `a leader that is cancelled during its call hands it over once`() async throws {
        let calls = Calls()
        let hasHung = Door()
        let coalescer = Coalescer<String, Int, Int>(limit: 10) { _, items in
            let answers = await calls.call(items)
            guard calls.all.count == 2 else { return answers }
            hasHung.open()
            try await Task.sleep(for: .seconds(3600))
            return answers
        }
        let first = Task { try await coalescer.submit([1], for: "key") }
        await calls.began.pass()
        let later = [2, 3, 4].map { item in Task { try await coalescer.submit([item], for: "key") } }
        while coalescer.waitingCount(for: "key") < 3 { await Task.yield() }
        calls.door.open()
        _ = try await first.value
        await hasHung.pass()
        guard let leader = calls.all.last?.first, let index = [2, 3, 4].firstIndex(of: leader) else { return }
        later[index].cancel()
        await #expect(throws: CancellationError.self) { try await later[index].value }
        for (item, task) in zip([2, 3, 4], later) where item != leader {
            #expect(try await task.value == [item * 10])
        }
        // If the call had been handed over twice, more than one call would now count as under way for ever.
        #expect(try await coalescer.submit([5], for: "key") == [50])
        #expect(calls.all.map(\.count) == [1, 3, 2, 1])
    }

    @Test func `a caller that is cancelled stops waiting, while its items go and the others get their answers`()
        async throws
    {
        let calls = Calls()
        let coalescer = Coalescer<String, Int, Int>(limit: 10) { _, items in await calls.call(items) }
        let first = Task { try await coalescer.submit([1], for: "key") }
        await calls.began.pass()
        let impatient = Task { try await coalescer.submit([2], for: "key") }
        while coalescer.waitingCount(for: "key") < 1 { await Task.yield() }
        let patient = Task { try await coalescer.submit([3], for: "key") }
        while coalescer.waitingCount(for: "key") < 2 { await Task.yield() }
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        calls.door.open()
        #expect(try await first.value == [10])
        #expect(try await patient.value == [30])
        #expect(calls.all == [[1], [2, 3]])
    }

    @Test func `nothing is kept of calls that are over`() async throws {
        let freed = Freed()
        let calls = Calls()
        let coalescer = Coalescer<String, Tracked, Int>(limit: 10) { _, items in
            await calls.call(items.map(\.number))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await coalescer.submit([Tracked(0, freed)], for: "key") }
            await calls.began.pass()
            for number in 1...3 {
                group.addTask { _ = try await coalescer.submit([Tracked(number, freed)], for: "key") }
                while coalescer.waitingCount(for: "key") < number { await Task.yield() }
            }
            calls.door.open()
            try await group.waitForAll()
        }
        #expect(calls.all == [[0], [1, 2, 3]])
        #expect(freed.count == 4)
    }
}

/// Counts the items that were freed.
private final class Freed: Sendable {
    private let number = Atomic(0)
    var count: Int { number.load(ordering: .sequentiallyConsistent) }
    func add() { number.add(1, ordering: .sequentiallyConsistent) }
}

private final class Tracked: Sendable {
    let number: Int
    private let freed: Freed

    init(_ number: Int, _ freed: Freed) {
        self.number = number
        self.freed = freed
    }

    deinit { freed.add() }
}
