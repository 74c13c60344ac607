import AWSClient
import Formats
import Foundation
import Ledger
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The consumer takes from the queue what it can finish.
@Suite struct QueueConsumerTests {
    private func consumer(
        _ it: Pipeline,
        isUntilEmpty: Bool = true,
        concurrency: Int = 20,
        shutdown: Duration = VirtualTime.endless,
        watchdog: WorkerClock? = nil,
        clock: WorkerClock? = nil,
        url: String = Name.queueURL
    ) throws -> QueueConsumer {
        let queue = WorkQueue(sqs: try it.session.sqs(queueURL: url), url: url)
        let endless = it.time.endlessClock
        let intake = Intake(receivers: max(concurrency / 10, 1))
        let hand = Hand(intake: intake)
        return QueueConsumer(
            queue: queue,
            queueState: it.queueState,
            pipeline: it.pipeline,
            lanes: it.lanes(limit: isUntilEmpty ? 3 : nil),
            intake: intake,
            hand: hand,
            slots: WorkSlots(count: concurrency, intake: intake, clock: it.time.clock),
            heartbeat: Heartbeat(
                queue: queue,
                claims: it.claims,
                hand: hand,
                queueState: it.queueState,
                clock: endless,
                logger: .silent
            ),
            options: WorkerOptions(
                queueURL: url,
                policy: it.policies.current,
                concurrency: concurrency,
                isUntilEmpty: isUntilEmpty,
                shutdown: shutdown
            ),
            liveness: Liveness(clock: it.time.clock),
            clock: clock ?? it.time.clock,
            watchdog: watchdog ?? endless,
            pacer: it.time.clock { _ in try await Task.sleep(for: .milliseconds(1)) },
            logger: .silent
        )
    }

    private func enqueue(_ it: Pipeline, _ numbers: some Sequence<Int>) throws {
        for number in numbers {
            let record = RecordText(eventID: "event-\(number)", rules: [number], time: it.time.now - 60)
            it.aws.with { $0.queues[Name.queueURL, default: []].append(.init(id: "m\(number)", body: record.json)) }
        }
    }

    private func left(_ it: Pipeline) -> [String] {
        it.aws.with { $0.queues[Name.queueURL, default: []].map(\.id) }
    }

    @Test(arguments: [1, 7, 100])
    func `until empty: every message is handled and deleted, then it ends`(concurrency: Int) async throws {
        let it = try Pipeline(standing: Array(1...13))
        try enqueue(it, 1...13)
        let abandoned = try await consumer(it, concurrency: concurrency).run(stop: StopSignal())
        #expect(abandoned.isEmpty)
        #expect(left(it).isEmpty)
        #expect(it.aws.with { $0.rules.isEmpty })
    }

    @Test func `until empty waits for what it postponed itself`() async throws {
        let it = try Pipeline(standing: [1], maxReceiveCount: nil)
        try enqueue(it, [1])
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        let start = it.time.now
        _ = try await consumer(it).run(stop: StopSignal())
        #expect(left(it).isEmpty)
        #expect(try it.test.event("outcome", "event-1") == "reverted")
        #expect(try it.test.event("attempts", "event-1") == "2")
        #expect(it.time.now >= start + 4)
    }

    @Test func `until empty, an outage ends the run with what AWS answered, unless it passes`() async throws {
        let it = try Pipeline(standing: [1])
        try enqueue(it, [1])
        let refusal = HTTPResponse.sqsError("QueueDoesNotExist")
        it.aws.with { $0.refusals["ReceiveMessage"] = Array(repeating: refusal, count: 4) }
        let error = await #expect(throws: OutageLasted.self) { _ = try await consumer(it).run(stop: StopSignal()) }
        #expect("\(try #require(error))".contains("QueueDoesNotExist"))
        it.aws.with { $0.refusals["ReceiveMessage"] = Array(repeating: refusal, count: 3) }
        _ = try await consumer(it).run(stop: StopSignal())
        #expect(left(it).isEmpty)
    }

    @Test func `otherwise failing receives back off, and the consumer recovers by itself`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "DeleteMessageBatch" { stop.request() }
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws)
        try enqueue(it, [1])
        aws.with { $0.refusals["ReceiveMessage"] = Array(repeating: .sqsError("AccessDenied", status: 403), count: 3) }
        let start = time.now
        let abandoned = try await consumer(it, isUntilEmpty: false).run(stop: stop)
        #expect(abandoned.isEmpty)
        #expect(left(it).isEmpty)
        #expect(time.now >= start + 1 + 2 + 4)
    }

    @Test
    func `deletes that fail are tried again, and one that never succeeds leaves a duplicate that ends harmlessly`()
        async throws
    {
        let it = try Pipeline(standing: [1])
        try enqueue(it, [1])
        it.aws.with { $0.entryFailures["DeleteMessageBatch"] = (4, false) }
        _ = try await consumer(it).run(stop: StopSignal())
        #expect(left(it).isEmpty)
        #expect(try it.test.event("attempts", "event-1") == "1")
        #expect(it.aws.with { $0.revokes.count } == 1)
    }

    @Test func `a receiver knows from the one that started it that large messages wait`() async throws {
        let it = try Pipeline(standing: Array(1...30))
        try enqueue(it, 1...30)
        it.aws.with { $0.mostMessages = 2 }
        _ = try await consumer(it, concurrency: 100).run(stop: StopSignal())
        #expect(left(it).isEmpty)
        #expect(it.aws.with { $0.tooLarge } == 1)
    }

    @Test func `a postponement that SQS does not answer keeps no slot from the next message`() async throws {
        let time = VirtualTime()
        let answered = Mutex<[String]>([])
        let aws = ScriptedAWS(time: time) { action in
            guard action == "ChangeMessageVisibilityBatch" else { return }
            // It is not answered before the next message was handled, or for five seconds.
            for _ in 0..<5000 where !answered.withLock({ $0.contains("DeleteMessageBatch") }) {
                try? await Task.sleep(for: .milliseconds(1))
            }
        } answered: { action in
            answered.withLock { $0.append(action) }
        }
        let it = try Pipeline(standing: [1, 2], maxReceiveCount: nil, time: time, aws: aws)
        try enqueue(it, [1, 2])
        aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        _ = try await consumer(it, concurrency: 1).run(stop: StopSignal())
        let batches = answered.withLock { $0.filter { $0.hasSuffix("Batch") } }
        #expect(batches.prefix(2) == ["DeleteMessageBatch", "ChangeMessageVisibilityBatch"])
        #expect(left(it).isEmpty)
    }

    @Test func `a stop lets the running poll end and gives back what it brings`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "ReceiveMessage" { stop.request() }
        }
        let it = try Pipeline(standing: [1, 2], time: time, aws: aws)
        try enqueue(it, [1, 2])
        let abandoned = try await consumer(it, isUntilEmpty: false).run(stop: stop)
        #expect(abandoned.isEmpty)
        #expect(Set(aws.with { $0.visibilities.map(\.id) }) == ["m1", "m2"])
        #expect(aws.with { $0.visibilities.allSatisfy { $0.seconds == 0 } })
        #expect(aws.count(of: "ReceiveMessage") == 1)
        #expect(aws.with { $0.rules.count } == 2)
    }

    @Test func `what a stop gives back is not lost in a poll that is still open`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let polls = Mutex(0)
        let givenBack = Door()
        let aws = ScriptedAWS(time: time) { action in
            if action == "RevokeSecurityGroupIngress" { stop.request() }
            guard action == "ReceiveMessage" else { return }
            let isFirst = polls.withLock { polls in
                polls += 1
                return polls == 1
            }
            if !isFirst { await givenBack.pass() }
        } answered: { action in
            if action == "ChangeMessageVisibilityBatch" { givenBack.open() }
        }
        let it = try Pipeline(standing: [1, 2], time: time, aws: aws)
        try enqueue(it, [1, 2])
        let consumer = try consumer(it, isUntilEmpty: false, concurrency: 1, clock: it.time.endlessClock)
        #expect(try await consumer.run(stop: stop).isEmpty)
        #expect(aws.with { $0.visibilities.map(\.id) } == ["m2", "m2"])
        #expect(aws.with { $0.queues[Name.queueURL, default: []].allSatisfy { $0.visibleAt <= time.now } })
    }

    @Test func `a stop waits for what was started`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "RevokeSecurityGroupIngress" { stop.request() }
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws)
        try enqueue(it, [1])
        #expect(try await consumer(it, isUntilEmpty: false).run(stop: stop).isEmpty)
        #expect(left(it).isEmpty)
        #expect(try it.test.event("outcome", "event-1") == "reverted")
    }

    @Test func `at the stop's bound, what hangs is abandoned and named, and its message stays in the queue`()
        async throws
    {
        let stop = StopSignal()
        let time = VirtualTime()
        let door = Door()
        let aws = ScriptedAWS(time: time) { action in
            guard action == "RevokeSecurityGroupIngress" else { return }
            stop.request()
            await door.pass()
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws)
        try enqueue(it, [1])
        let record = RecordText(eventID: "event-1", rules: [1], time: it.time.now - 60)
        let abandoned = try await consumer(it, isUntilEmpty: false, shutdown: .seconds(30)).run(stop: stop)
        #expect(abandoned == ["m1"])
        #expect(left(it) == ["m1"])
        #expect(try it.test.event("outcome", "event-1") == nil)

        // The call had its effect, although its answer never came; who takes over knows the missing rule as this event's doing.
        aws.with { $0.rules = [:] }
        time.advance(.seconds(61))
        #expect(try await it.process(it.message(record.json, receives: 2)) == .delete)
        #expect(try it.test.event("outcome", "event-1") == "reverted")
    }

    @Test func `a poll that is still open at the bound is dropped, and nothing is abandoned`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            guard action == "ReceiveMessage" else { return }
            stop.request()
            await StopSignal().wait()
        }
        let it = try Pipeline(time: time, aws: aws)
        let abandoned = try await consumer(it, isUntilEmpty: false, shutdown: .seconds(30)).run(stop: stop)
        #expect(abandoned.isEmpty)
    }

    @Test func `a receive that hangs and heeds no cancellation is abandoned, and the next one finds the message`()
        async throws
    {
        let stop = StopSignal()
        let time = VirtualTime()
        let polls = Mutex(0)
        let hung = Door()
        let hasBegun = Door()
        let aws = ScriptedAWS(time: time) { action in
            if action == "DeleteMessageBatch" {
                stop.request()
                hung.open()
            }
            guard action == "ReceiveMessage" else { return }
            let isFirst = polls.withLock { polls in
                polls += 1
                return polls == 1
            }
            hasBegun.open()
            if isFirst { await Task { await hung.pass() }.value }
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws)
        try enqueue(it, [1])
        // The deadline of the first poll passes as soon as it hangs, that of the others never.
        let deadlines = Mutex(0)
        let watchdog = time.clock { _ in
            let isFirst = deadlines.withLock { deadlines in
                deadlines += 1
                return deadlines == 1
            }
            guard isFirst else { return try await time.sleep(VirtualTime.endless) }
            await hasBegun.pass()
            time.advance(.seconds(60))
        }
        let abandoned = try await consumer(it, isUntilEmpty: false, watchdog: watchdog).run(stop: stop)
        #expect(abandoned.isEmpty)
        #expect(left(it).isEmpty)
        hung.open()
    }

    @Test
    func `in a group of a FIFO queue, what follows a message that is not finished goes back, and nothing overtakes`()
        async throws
    {
        let stop = StopSignal()
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "DeleteMessageBatch" { stop.request() }
        }
        let it = try Pipeline(standing: [1, 2, 3, 4], time: time, aws: aws)
        let url = "\(Name.queueURL).fifo"
        for (number, group) in [(1, "a"), (2, "a"), (3, "a"), (4, "b")] {
            let record = RecordText(eventID: "event-\(number)", rules: [number], time: time.now - 60)
            let message = ScriptedAWS.Queued(id: "m\(number)", body: record.json, system: ["MessageGroupId": group])
            aws.with { $0.queues[url, default: []].append(message) }
        }
        // Another worker has the first event, so its message is postponed.
        let first = EventFacts(
            eventID: "event-1",
            digest: RecordText(eventID: "event-1", rules: [1], time: time.now - 60).digest,
            eventName: "x"
        )
        let now = time.now
        _ = try await it.writer.write { try $0.claim(first, delivery: Delivery(messageID: "m0", receivedAt: now)) }
        _ = try await consumer(it, isUntilEmpty: false, url: url).run(stop: stop)
        #expect(aws.with { $0.queues[url, default: []].map(\.id) } == ["m1", "m2", "m3"])
        #expect(aws.with { Set($0.rules.keys) } == Set([1, 2, 3].map(Name.rule)))
        let visibilities = aws.with { $0.visibilities.map { "\($0.id) \($0.seconds)" } }
        #expect(visibilities == ["m1 2", "m2 0", "m3 0"])
    }
}
