import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// The worker as a whole: how it starts, what runs beside the consumer, and how it ends.
@Suite(.timeLimit(.minutes(10))) struct RevertWorkerTests {
    @Test func `until empty, it reverts what is in the queue, tells people and ends`() async throws {
        var it = try WholeWorker(standing: [1, 2])
        it.options.topicARN = "arn:aws:sns:eu-west-1:111122223333:people"
        it.enqueue(1)
        it.enqueue(2)
        let worker = try it.worker()
        let isReady = Door()
        #expect(worker.status.obstacle == "it is starting")
        #expect(try await worker.run(stop: StopSignal()) { isReady.open() } == [])
        #expect(isReady.isOpen)
        #expect(it.left.isEmpty && it.aws.with { $0.rules.isEmpty })
        #expect(it.aws.with { $0.published.count } >= 1)
        #expect(worker.status.isReceiving && worker.status.obstacle == nil)
        #expect(it.log.value("watch", of: "worker started") == "--group \(Name.group)")
        #expect(it.log.value("abandoned", of: "worker stopped") == "0")
    }

    @Test func `the head of the trail is in the log, where nobody who writes the ledger can change it`() async throws {
        let it = try WholeWorker(isUntilEmpty: false)
        try await LedgerWriter(it.test.ledger).write { try $0.note(entry: ["x": .text("y")]) }
        let stop = StopSignal()
        let log = it.log
        async let stopping: Void = {
            while !log.texts.contains("notice: ledger anchor") { try? await Task.sleep(for: .milliseconds(2)) }
            stop.request()
        }()
        _ = try await it.worker().run(stop: stop)
        await stopping
        let anchor = try #require(log.value("anchor", of: "ledger anchor").flatMap { Anchor($0) })
        #expect(try await LedgerWriter(it.test.ledger).write { try $0.anchor() } == anchor)
    }

    @Test func `settings that cannot be right end it at once, without a call to AWS`() async throws {
        var it = try WholeWorker()
        it.options.deadLetterQueueURL = Name.queueURL
        await #expect(throws: AWSClientError.self) { try await it.worker().run(stop: StopSignal()) }
        it.options.deadLetterQueueURL = nil
        it.options.topicARN = "people"
        await #expect(throws: AWSClientError.self) { try await it.worker().run(stop: StopSignal()) }
        it.options.topicARN = nil
        it.options.queueURL = "no URL"
        await #expect(throws: AWSClientError.self) { try await it.worker().run(stop: StopSignal()) }
        #expect(it.aws.with { $0.calls.isEmpty })
    }

    @Test func `until empty, what AWS refuses at the start ends it`() async throws {
        let it = try WholeWorker()
        it.aws.with { $0.refusals["GetQueueAttributes"] = [.sqsError("AccessDenied", status: 403)] }
        let error = await #expect(throws: AWSServiceError.self) { try await it.worker().run(stop: StopSignal()) }
        #expect(error?.code == "AccessDenied")
    }

    @Test func `otherwise it says why it has not started, asks again after growing pauses, and starts by itself`()
        async throws
    {
        let stop = StopSignal()
        var it = try WholeWorker(isUntilEmpty: false)
        it.passes = { $0 == .seconds(2) || $0 == .seconds(4) }
        it.aws.with {
            $0.refusals["GetQueueAttributes"] = Array(repeating: .sqsError("QueueDoesNotExist"), count: 2)
        }
        let worker = try it.worker()
        let start = it.time.now
        #expect(try await worker.run(stop: stop) { stop.request() } == [])
        #expect(it.log.texts.count { $0 == "error: cannot start yet, will try again" } == 2)
        #expect(it.log.value("error", of: "cannot start yet, will try again")?.contains("QueueDoesNotExist") == true)
        #expect(it.time.now >= start + 2 + 4)
        #expect(worker.status.obstacle == nil)
    }

    @Test func `while it has not started, its status says why, and a stop ends it`() async throws {
        let stop = StopSignal()
        let time = VirtualTime()
        let calls = Mutex(0)
        let aws = ScriptedAWS(time: time) { action in
            guard action == "GetQueueAttributes" else { return }
            let isSecond = calls.withLock { calls in
                calls += 1
                return calls == 2
            }
            if isSecond { stop.request() }
        }
        var it = try WholeWorker(isUntilEmpty: false, time: time, aws: aws)
        it.passes = { $0 == .seconds(2) }
        aws.with { $0.refusals["GetQueueAttributes"] = Array(repeating: .sqsError("QueueDoesNotExist"), count: 5) }
        let worker = try it.worker()
        let isReady = Door()
        #expect(try await worker.run(stop: stop) { isReady.open() } == [])
        #expect(!isReady.isOpen)
        #expect(worker.status.obstacle?.contains("QueueDoesNotExist") == true && !worker.status.isReceiving)
        #expect(aws.count(of: "ReceiveMessage") == 0)
    }

    @Test func `a queue that does not answer for a while is waited for, and the log says so`() async throws {
        let time = VirtualTime()
        let hasWarned = Door()
        let aws = ScriptedAWS(time: time) { action in
            if action == "GetQueueAttributes" { await hasWarned.pass() }
        }
        var it = try WholeWorker(time: time, aws: aws)
        it.passes = { $0 == .seconds(5) && !hasWarned.isOpen }
        let log = it.log
        async let opening: Void = {
            while !log.texts.contains(where: { $0.contains("still waiting") }) {
                try? await Task.sleep(for: .milliseconds(2))
            }
            hasWarned.open()
        }()
        _ = try await it.worker().run(stop: StopSignal())
        await opening
        #expect(
            it.log.texts.first == "warning: still waiting for credentials and for an answer of the queue"
        )
    }

    @Test(arguments: [
        (
            ["VisibilityTimeout": "5"],
            "the queue's visibility timeout is under 10 s: this worker asks for 30 s with each receive"
        ),
        (
            ["VisibilityTimeout": "30"],
            "the queue has no redrive policy and --dead-letter-queue-url is not set: what fails stays in the queue"
        ),
    ])
    func `a queue that is not as it should be is used, with a warning`(
        _ attributes: [String: String],
        _ warning: String
    ) async throws {
        var it = try WholeWorker(standing: [1])
        it.options.deadLetterQueueURL = nil
        it.aws.with { $0.attributes = attributes }
        it.enqueue(1)
        _ = try await it.worker().run(stop: StopSignal())
        #expect(it.log.texts.contains("warning: \(warning)"))
        #expect(it.left.isEmpty)
    }

    @Test func `a FIFO queue and a dead-letter queue with a policy of its own are warned of`() async throws {
        var it = try WholeWorker()
        it.options.queueURL += ".fifo"
        it.options.deadLetterQueueURL = Name.deadLetterURL + ".fifo"
        it.aws.with {
            $0.attributes["RedrivePolicy"] =
                #"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:next","maxReceiveCount":3}"#
        }
        _ = try await it.worker().run(stop: StopSignal())
        #expect(it.log.texts.contains { $0.hasPrefix("warning: the queue is a FIFO queue") })
        #expect(it.log.texts.contains { $0.contains("has a redrive policy of its own") })
    }

    @Test func `an outage of over a minute and its end are notices, whatever the policy tells people of`() async throws
    {
        var it = try WholeWorker(isUntilEmpty: false)
        it.options.topicARN = "arn:aws:sns:eu-west-1:111122223333:people"
        let stop = StopSignal()
        let worker = try it.worker()
        let lane = Lane(.sts, region: AWSRegion("eu-west-1"))
        let error = AWSClientError.invalidSetting(name: "x", value: "y", reason: "no route")
        _ = worker.lanes.board.note(error, of: lane)
        it.time.advance(.seconds(61))
        _ = worker.lanes.board.note(error, of: lane)
        worker.lanes.works(lane)
        let aws = it.aws
        async let stopping: Void = {
            while aws.with({ $0.published.count < 2 }) { try? await Task.sleep(for: .milliseconds(2)) }
            stop.request()
        }()
        _ = try await worker.run(stop: stop)
        await stopping
        let subjects = aws.with { $0.published.compactMap { $0["Subject"] } }.sorted()
        #expect(subjects.count == 2)
        #expect(subjects.contains { $0.contains("out of order for more than a minute") })
        #expect(subjects.contains { $0.contains("works again") })
    }

    @Test func `without a channel an outage is no notice`() async throws {
        let it = try WholeWorker()
        let worker = try it.worker()
        let lane = Lane(.sts)
        _ = worker.lanes.board.note(PollCut(), of: lane)
        it.time.advance(.seconds(61))
        _ = worker.lanes.board.note(PollCut(), of: lane)
        _ = try await worker.run(stop: StopSignal())
        #expect(try it.test.value("SELECT count(*) FROM notices") == "0")
    }
}

/// The keeper of the state beside the consumer, and a sweep on command.
@Suite struct WorkerStateTests {
    @Test func `until empty, it looks at what stands once before it ends`() async throws {
        var it = try WholeWorker(standing: [1])
        it.options.snapshotInterval = .seconds(900)
        _ = try await it.worker().run(stop: StopSignal())
        let standing = try LedgerReader(path: it.test.path).standingRules()
        #expect(standing.map { $0[.ruleID].text } == [Name.rule(1)])
        #expect(it.log.value("rules", of: "snapshot taken") == "1")
        #expect(it.aws.with { $0.rules.count } == 1, "it is the baseline")
    }

    @Test func `a sweep without a revert names what nothing explains, and changes nothing`() async throws {
        let it = try WholeWorker(standing: [1])
        let worker = try it.worker()
        #expect(try await worker.sweep([], isReverting: false) { _ in } == [], "the first look is the baseline")
        try it.aws.stand([2])
        let looked = Mutex(SweptLook())
        let found = try await worker.sweep([], isReverting: false) { shown in looked.withLock { $0 = shown } }
        #expect(found.map(\.ruleID) == [Name.rule(2)] && found.allSatisfy { $0.outcome == nil && !$0.isSettled })
        #expect(looked.withLock { $0.rules.count } == 2)
        #expect(it.aws.with { $0.rules.count } == 2 && it.aws.with { $0.revokes.isEmpty })
    }

    @Test func `a sweep that reverts waits for two settle times, and says what became of each rule`() async throws {
        var it = try WholeWorker(standing: [1])
        it.passes = { _ in true }
        let worker = try it.worker()
        _ = try await worker.sweep([], isReverting: true) { _ in }
        try it.aws.stand([2])
        let start = it.time.now
        let found = try await worker.sweep([], isReverting: true) { _ in }
        #expect(found.map(\.outcome) == [.reverted] && found.allSatisfy(\.isSettled))
        #expect(it.time.now >= start + 30)
        #expect(it.aws.with { Array($0.rules.keys) } == [Name.rule(1)])
    }

    @Test func `a sweep without an answer of the fleet's table reverts nothing, and says that it waits for the table`()
        async throws
    {
        var it = try WholeWorker(standing: [1])
        it.passes = { _ in true }
        it.options.claimsTable = "claims"
        let worker = try it.worker()
        _ = try await worker.sweep([], isReverting: true) { _ in }
        try it.aws.stand([2])
        for isReverting in [false, true] {
            let found = try await worker.sweep([], isReverting: isReverting) { _ in }
            #expect(found.map(\.ruleID) == [Name.rule(2)] && found.map(\.outcome) == [nil])
            #expect(found.map(\.awaitsTable) == [true])
        }
        #expect(it.aws.with { $0.revokes.isEmpty })
    }

    @Test func `a sweep reverts in the places that it can read, and names the others`() async throws {
        var it = try WholeWorker(standing: [1])
        it.passes = { _ in true }
        it.options.regions = ["eu-north-1", "eu-west-1"]
        let worker = try it.worker()
        _ = try await worker.sweep([], isReverting: false) { _ in }
        try it.aws.stand([2])
        let refusal = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
        it.aws.with { $0.refusals["DescribeSecurityGroups"] = [refusal] }
        var unread: [String: String] = [:]
        let found = try await worker.sweep([], isReverting: true) { unread = $0.unreadPlaces }
        #expect(found.map(\.outcome) == [.reverted])
        #expect(unread.count == 1 && unread.keys.first?.hasSuffix("eu-north-1") == true)
        #expect(unread.values.first?.contains("UnauthorizedOperation") == true)
    }

    @Test func `a sweep of some groups leaves the others`() async throws {
        let other = try Fixture.group(2).description
        let policy = Policy(
            watch: [Watch(groups: [Name.group, other], changes: [.ingressAdded], origin: "watch")]
        )
        let it = try WholeWorker(standing: [1], policy: policy)
        it.aws.with { $0.groups[other] = [:] }
        let worker = try it.worker()
        _ = try await worker.sweep([], isReverting: false) { _ in }
        try it.aws.stand([2])
        let stray = try liveRule(3, in: 2)
        it.aws.with { $0.rules[stray.id.description] = stray }
        let id = try #require(SecurityGroupID(other))
        let found = try await worker.sweep([id], isReverting: false) { _ in }
        #expect(found.map(\.ruleID) == [Name.rule(3)])
    }

    @Test func `accounts of the policy are looked at only where there is a role for them`() async throws {
        let time = VirtualTime()
        let watch = Watch(
            groups: [Name.group],
            accounts: ["444455556666"],
            regions: ["eu-north-1"],
            changes: [.ingressAdded],
            origin: "watch"
        )
        let it = try WholeWorker(policy: Policy(watch: [watch]), time: time)
        let worker = try it.worker()
        let keeper = worker.stateKeeper(
            worker.pipeline(
                region: "eu-west-1",
                QueueState(.init(), logger: .silent) { .init() },
                try worker.claims(inRegion: nil)
            ) {}
        ) {}
        let places = await keeper.places(it.options.policies.current)
        #expect(
            places.map { "\($0.account.map(\.description) ?? "-") \($0.region)" } == [
                "111122223333 eu-north-1", "111122223333 eu-west-1",
            ]
        )
    }
}
