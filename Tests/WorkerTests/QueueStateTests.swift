import AWSClient
import Formats
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The attributes of the queue are read again while the worker runs.
@Suite(.timeLimit(.minutes(10))) struct QueueStateTests {
    private struct Refused: Error {}

    /// The sleeps of a clock.
    private final class Sleeps: Sendable {
        private let durations = Mutex<[Duration]>([])

        var all: [Duration] { durations.withLock(\.self) }

        func add(_ duration: Duration) { durations.withLock { $0.append(duration) } }

        func count(of duration: Duration) -> Int { all.count { $0 == duration } }
    }

    private let time = VirtualTime()
    private let log = Log()

    /// A state that reads `found`, one after the other, and then fails.
    private func state(_ found: [QueueState.Facts]) -> QueueState {
        let rest = Mutex(found[...])
        return QueueState(.init(maxReceiveCount: 3), logger: log.logger) {
            guard let next = rest.withLock({ $0.popFirst() }) else { throw Refused() }
            return next
        }
    }

    /// Keeps `state` fresh for so many rounds. In each the sleeps of this length end, and the others do not.
    private func keepFresh(_ state: QueueState, rounds: Int, passing length: Duration) async {
        let sleeps = Sleeps()
        let clock = time.clock { [time] duration in
            sleeps.add(duration)
            guard duration == length, sleeps.count(of: length) <= rounds else {
                return try await time.sleep(VirtualTime.endless)
            }
            time.advance(duration)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await state.keepFresh(clock: clock) }
            // Each round begins with the sleep until the next regular reading.
            group.addTask {
                while sleeps.count(of: .seconds(180)) <= rounds { try? await Task.sleep(for: .milliseconds(2)) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    @Test func `every three minutes, and what changed is logged`() async {
        let state = state([
            .init(maxReceiveCount: 3), .init(visibilityTimeout: .seconds(60), maxReceiveCount: nil),
        ])
        await keepFresh(state, rounds: 2, passing: .seconds(180))
        #expect(state.facts.visibilityTimeout == .seconds(60) && state.facts.maxReceiveCount == nil)
        #expect(log.texts == Array(repeating: "notice: the queue has changed", count: 2))
        #expect(log.lines.map { $0.metadata["setting"] } == ["VisibilityTimeout", "maxReceiveCount"])
        #expect(log.lines.map { $0.metadata["before"] } == ["30", "3"])
        #expect(log.lines.map { $0.metadata["now"] } == ["60", "none"])
    }

    @Test func `five seconds after a surprise`() async {
        let state = state([.init(maxReceiveCount: 7)])
        state.surprised()
        await keepFresh(state, rounds: 1, passing: .seconds(5))
        #expect(state.facts.maxReceiveCount == 7)
    }

    @Test func `without a surprise nothing is read before the three minutes are over`() async {
        let state = state([.init(maxReceiveCount: 7)])
        let sleeps = Sleeps()
        let clock = time.clock { [time] duration in
            sleeps.add(duration)
            try await time.sleep(VirtualTime.endless)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await state.keepFresh(clock: clock) }
            group.addTask {
                while sleeps.all.isEmpty { try? await Task.sleep(for: .milliseconds(2)) }
                for _ in 1...50 { await Task.yield() }
            }
            await group.next()
            group.cancelAll()
        }
        #expect(sleeps.all == [.seconds(180)])
        #expect(state.facts.maxReceiveCount == 3)
    }

    @Test func `a reading that fails leaves what is known`() async {
        let state = state([])
        await keepFresh(state, rounds: 1, passing: .seconds(180))
        await state.confirm(clock: time.clock)
        #expect(state.facts.maxReceiveCount == 3)
        #expect(log.texts.isEmpty)
    }

    @Test func `many that ask within five seconds cost one reading`() async {
        let state = state([.init(maxReceiveCount: 4), .init(maxReceiveCount: 5), .init(maxReceiveCount: 6)])
        await state.confirm(clock: time.clock)
        await state.confirm(clock: time.clock)
        time.advance(.seconds(4))
        await state.confirm(clock: time.clock)
        #expect(state.facts.maxReceiveCount == 4)
        time.advance(.seconds(1))
        await state.confirm(clock: time.clock)
        #expect(state.facts.maxReceiveCount == 5)
    }

    @Test func `another dead-letter queue is logged by its URL`() throws {
        let aws = ScriptedAWS(time: time)
        let letters = DeadLetterQueue(sqs: try aws.session().sqs(queueURL: Name.queueURL), url: Name.deadLetterURL)
        let state = state([])
        state.replace(with: .init(maxReceiveCount: 3, deadLetters: letters))
        #expect(log.value("setting", of: "the queue has changed") == "dead-letter queue")
        #expect(log.value("now", of: "the queue has changed") == Name.deadLetterURL)
        state.replace(with: .init(maxReceiveCount: 3, deadLetters: letters))
        #expect(log.lines.count == 1)
    }

    @Test(arguments: [(0, 30), (9, 30), (10, 10), (43_200, 43_200)])
    func `a queue that hides messages for under 10 seconds is asked for 30`(timeout: Int, hold: Int) {
        let state = QueueState(.init(visibilityTimeout: .seconds(timeout)), logger: .silent) { .init() }
        #expect(state.hold == .seconds(hold))
    }
}
