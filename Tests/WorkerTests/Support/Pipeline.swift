import AWSClient
import Formats
import Foundation
import Ledger
import Logging
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// A pipeline, its ledger, and the scripted AWS that it works on.
struct Pipeline {
    let time: VirtualTime
    let aws: ScriptedAWS
    let test: TestLedger
    let pipeline: MessagePipeline
    let claims: EventClaims
    let writer: LedgerWriter
    let policies: PolicyStore
    let session: AWSSession
    let identity: OwnIdentity
    let queueState: QueueState

    init(
        standing numbers: [Int] = [],
        hasDeadLetterQueue: Bool = true,
        maxReceiveCount: Int? = 3,
        watching group: String = Name.group,
        policy: Policy? = nil,
        isDryRun: Bool = false,
        isUntilEmpty: Bool = false,
        trusted: Set<String> = [],
        allowedByNow: Int? = nil,
        time: VirtualTime = VirtualTime(),
        aws: ScriptedAWS? = nil,
        test: TestLedger? = nil,
        shared: ((AWSSession) throws -> any SharedClaims)? = nil
    ) throws {
        let aws = aws ?? ScriptedAWS(time: time)
        let test = try test ?? TestLedger(time)
        self.time = time
        record = RecordText(time: time.now - 60)
        self.aws = aws
        self.test = test
        try aws.stand(numbers)
        let session = try aws.session()
        self.session = session
        identity = OwnIdentity(session: session)
        let policy = try policy ?? Policy.watching([#require(SecurityGroupID(group))])
        policies = PolicyStore(policy)
        writer = try LedgerWriter(test.ledger)
        let deadLetters =
            hasDeadLetterQueue
            ? DeadLetterQueue(sqs: try session.sqs(queueURL: Name.queueURL), url: Name.deadLetterURL) : nil
        queueState = QueueState(
            .init(maxReceiveCount: maxReceiveCount, deadLetters: deadLetters),
            logger: .silent
        ) { .init(maxReceiveCount: allowedByNow ?? maxReceiveCount, deadLetters: deadLetters) }
        claims = EventClaims(writer: writer, shared: try shared?(session) ?? LedgerAlone())
        pipeline = MessagePipeline(
            claims: claims,
            policies: policies,
            revert: RevertRun(
                gateway: SecurityGroupGateway(session: session, clock: time.clock, approvals: writer.approvals),
                isDryRun: isDryRun,
                settle: .seconds(15),
                clock: time.clock,
                identity: identity,
                policies: policies
            ),
            identity: identity,
            territory: Territory(
                queueRegion: "eu-west-1",
                queueAccount: "111122223333",
                trustedSenders: trusted
            ),
            queueState: queueState,
            isNotifying: { _ in true },
            workerName: "one",
            backoff: Backoff(base: .seconds(4), cap: .seconds(900)) { 1 },
            clock: time.clock,
            isUntilEmpty: isUntilEmpty,
            onFinish: {}
        )
    }

    /// Lanes whose probes go to the scripted AWS.
    func lanes(limit: Int? = nil) -> Lanes {
        Lanes(
            limit: limit,
            backoff: Backoff(base: .seconds(1), cap: .seconds(30)) { 1 },
            clock: time.clock,
            logger: .silent,
            probe: LaneProbe(
                options: WorkerOptions(queueURL: Name.queueURL, policy: .watching([])),
                session: session,
                gateway: SecurityGroupGateway(session: session),
                writer: writer
            ).callAsFunction
        )
    }

    /// The usual record, a minute old.
    let record: RecordText

    func message(
        _ body: String,
        id: String = "m1",
        receives: Int = 1,
        attributes: [String: MessageAttributeValue] = [:]
    ) -> SQSMessage {
        SQSMessage(
            messageID: id,
            receiptHandle: id,
            body: body,
            systemAttributes: ["ApproximateReceiveCount": "\(receives)"],
            messageAttributes: attributes
        )
    }

    func process(_ message: SQSMessage) async throws -> Disposition {
        let held = HeldMessage(message, receivedAt: time.instant, visibility: .seconds(30))
        return try await pipeline.process(
            held,
            slot: WorkSlot(clock: time.clock),
            stop: StopSignal(),
            logger: .silent
        )
    }

    /// What lies in the dead-letter queue.
    var deadLetters: [ScriptedAWS.Queued] {
        aws.with { $0.queues[Name.deadLetterURL] ?? [] }
    }
}
