import AWSClient
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

@Suite struct CallDeskTests {
    private typealias Desk = CallDesk<Int, Int, Int>

    /// What EC2 is in these tests: it counts calls, and refuses as a bucket does.
    private final class Service: Sendable {
        struct State {
            var calls: [(group: Int, items: [Int])] = []
            var refused = 0
            var tokens: Int
        }

        static let action = "RevokeSecurityGroupIngress"
        let state: Mutex<State>

        init(tokens: Int = .max) { state = Mutex(State(tokens: tokens)) }

        var calls: [(group: Int, items: [Int])] { state.withLock { $0.calls } }
        var refused: Int { state.withLock { $0.refused } }

        func call(_ group: Int, _ work: [Desk.Entry]) async throws -> [Int] {
            let items = work.map(\.item)
            try state.withLock { state in
                guard state.tokens > 0 else {
                    state.refused += 1
                    throw AWSServiceError(
                        service: "ec2",
                        operation: Service.action,
                        code: "RequestLimitExceeded",
                        statusCode: 503
                    )
                }
                state.tokens -= 1
                state.calls.append((group, items))
            }
            await Task.yield()
            return items.map { $0 * 10 }
        }
    }

    /// Counts what happens in several tasks.
    private final class Counter: Sendable {
        private let count = Atomic(0)

        func add() { count.add(1, ordering: .sequentiallyConsistent) }

        func reaches(_ number: Int) async {
            while count.load(ordering: .sequentiallyConsistent) < number { await Task.yield() }
        }
    }

    private let key: CallQuota.Key

    init() throws {
        let place = Place(account: nil, region: try #require(AWSRegion("eu-west-1")))
        key = CallQuota.Key(place: place, action: Service.action)
    }

    private func desk(
        _ service: Service,
        clock: WorkerClock = .system,
        quota: CallQuota? = nil,
        isDraining: Bool? = nil,
        arrivals: Counter = Counter()
    ) -> Desk {
        Desk(
            key: key,
            quota: quota ?? CallQuota(clock: clock),
            limit: 200,
            isDraining: { isDraining },
            weight: { item in
                arrivals.add()
                return item
            },
            call: service.call
        )
    }

    /// A quota without tokens.
    private func emptyQuota(_ clock: WorkerClock) -> CallQuota {
        let quota = CallQuota(clock: clock)
        quota.with(key) { bucket, now in bucket.refused(now: now) }
        return quota
    }

    /// Submits one item for each of `groups` at once.
    private func submit(_ desk: Desk, _ groups: [Int]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (number, group) in groups.enumerated() {
                tasks.addTask {
                    let answers = try await desk.submit([number], for: group)
                    #expect(answers == [number * 10])
                }
            }
            try await tasks.waitForAll()
        }
    }

    @Test func `one piece of work alone goes at once`() async throws {
        let service = Service()
        let desk = desk(service)
        #expect(!desk.isBusy)
        try await submit(desk, [1])
        #expect(service.calls.count == 1)
    }

    @Test func `a burst gathers: each of fifty groups needs one call, and a few for what came first`() async throws {
        let service = Service(tokens: 50)
        let time = VirtualTime()
        let (gate, arrivals) = (Door(), Counter())
        let desk = desk(service, clock: time.clock(after: gate), arrivals: arrivals)
        async let work: Void = submit(desk, (0..<1000).map { $0 % 40 })
        // No time passes between the first and the last.
        await arrivals.reaches(1000)
        gate.open()
        try await work
        #expect(service.calls.count <= 50)
        #expect(service.calls.reduce(0) { $0 + $1.items.count } == 1000)
        #expect(service.refused == 0, "no call is sent that the bucket refuses")
    }

    @Test func `while the queue has more, nothing goes until it is in hand`() async throws {
        let service = Service()
        try await submit(desk(service, isDraining: true), (0..<200).map { $0 % 10 })
        #expect(service.calls.count == 10)
    }

    @Test func `what the bucket refuses waits and goes later, and nobody notices`() async throws {
        let service = Service(tokens: 0)
        let time = VirtualTime()
        let desk = desk(service, clock: time.clock)
        async let work: Void = submit(desk, [1, 2])
        while service.refused < 3 { await Task.yield() }
        service.state.withLock { $0.tokens = .max }
        try await work
        #expect(service.calls.reduce(0) { $0 + $1.items.count } == 2)
    }

    @Test func `an error that is no throttling fails whoever shares the call`() async throws {
        struct Refusal: Error {}
        let desk = Desk(
            key: key,
            quota: CallQuota(clock: .system),
            limit: 200,
            isDraining: { true },
            weight: { $0 },
            call: { _, _ in throw Refusal() }
        )
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<5 {
                tasks.addTask { await #expect(throws: Refusal.self) { try await desk.submit([1], for: 1) } }
            }
        }
    }

    @Test(arguments: 0..<20)
    func `a task that is cancelled leaves, and its group goes on`(round: Int) async throws {
        let service = Service()
        let desk = desk(service, isDraining: true)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let cancelled = Task { try await desk.submit([99], for: 1) }
            for number in 0..<5 {
                tasks.addTask {
                    let answers = try await desk.submit([number], for: 1)
                    #expect(answers == [number * 10])
                }
            }
            for _ in 0..<round { await Task.yield() }
            cancelled.cancel()
            try await tasks.waitForAll()
            _ = await cancelled.result
        }
        try await submit(desk, [1])
    }

    @Test func `while more work is coming, the wait for it does not spin`() async throws {
        let time = VirtualTime()
        try await submit(desk(Service(), clock: time.clock, isDraining: true), [1])
        #expect(time.slept.reduce(.zero, +) >= .milliseconds(500))
        #expect(time.slept.allSatisfy { $0 >= .milliseconds(5) })
    }

    @Test func `while as many calls are under way as may be, nobody looks at the clock`() async throws {
        let time = VirtualTime()
        let (gate, door) = (Door(), Door())
        let (arrivals, calls) = (Counter(), Counter())
        let desk = Desk(
            key: key,
            quota: CallQuota(clock: time.clock(after: gate)),
            limit: 200,
            isDraining: { true },
            weight: { item in
                arrivals.add()
                return item
            },
            call: { _, entries in
                calls.add()
                await door.pass()
                return entries.map(\.item)
            }
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            // The first one keeps the time, and has the least weight.
            tasks.addTask { _ = try await desk.submit([0], for: 0) }
            await arrivals.reaches(1)
            for group in 1...50 { tasks.addTask { _ = try await desk.submit([1], for: group) } }
            await arrivals.reaches(51)
            gate.open()
            await calls.reaches(50)
            for _ in 0..<100 { await Task.yield() }
            let slept = time.slept.count
            for _ in 0..<1000 { await Task.yield() }
            #expect(time.slept.count == slept)
            door.open()
            try await tasks.waitForAll()
            await calls.reaches(51)
        }
    }

    @Test func `a small group goes after fifteen seconds, however much work others have`() async throws {
        let service = Service()
        let time = VirtualTime()
        let desk = desk(service, quota: emptyQuota(time.clock))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for group in 2...9 {
                tasks.addTask { for _ in 0..<40 { _ = try await desk.submit([1, 2, 3], for: group) } }
            }
            tasks.addTask { _ = try await desk.submit([1], for: 1) }
            try await tasks.waitForAll()
        }
        let before = try #require(service.calls.firstIndex { $0.group == 1 })
        #expect(before < 160, "of 321 calls; 75 need fifteen seconds")
    }

    @Test func `work that waited before goes first when it comes back`() async throws {
        let service = Service()
        let time = VirtualTime()
        let (gate, arrivals) = (Door(), Counter())
        let clock = time.clock { duration in
            await gate.pass()
            // The call for which there was a token is made before time passes for the next.
            if !time.slept.isEmpty { for _ in 0..<10_000 where service.calls.isEmpty { await Task.yield() } }
            try await time.sleep(duration)
        }
        let quota = CallQuota(clock: clock)
        let since = time.instant
        time.advance(.seconds(16))
        quota.with(key) { bucket, now in bucket.refused(now: now) }
        let desk = desk(service, quota: quota, arrivals: arrivals)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try await desk.submit([1, 2, 3], for: 2) }
            tasks.addTask { _ = try await desk.submit([1], for: 1, since: since) }
            await arrivals.reaches(4)
            gate.open()
            try await tasks.waitForAll()
        }
        #expect(service.calls.map(\.group) == [1, 2])
    }

    @Test func `a look that is throttled takes nothing from the bucket of revokes`() {
        let quota = CallQuota(clock: VirtualTime().clock)
        let error = AWSServiceError(
            service: "ec2",
            operation: "DescribeSecurityGroupRules",
            code: "RequestLimitExceeded",
            statusCode: 503
        )
        quota.note(error, key, .token)
        #expect(quota.with(key) { bucket, _ in bucket.isPlenty })
    }
}
