package import AWSClient
import Formats
import Foundation
package import Ledger
package import Logging
import SecurityGroups

/// The worker: polls the queue, reverts what the policy forbids, records it, tells people.
package struct RevertWorker: Sendable {
    private let options: WorkerOptions
    private let session: AWSSession
    private let writer: LedgerWriter
    private let lanes: Lanes
    private let gateway: SecurityGroupGateway
    private let identity: OwnIdentity
    private let name: String
    private let clock: WorkerClock
    private let logger: Logger
    /// Whether the poller still goes round.
    package let liveness: Liveness

    /// A worker that acts through `session` and records in `ledger`.
    ///
    /// - Parameter name: what the ledger and dead letters call this worker.
    package init(
        options: WorkerOptions,
        session: AWSSession,
        ledger: LedgerDatabase,
        name: String,
        clock: WorkerClock = .system,
        logger: Logger
    ) {
        self.options = options
        self.session = session
        var writer = LedgerWriter(ledger)
        let identity = OwnIdentity(session: session)
        let queueAccount = AccountID(inQueueURL: options.queueURL)
        let roles = options.roles.map { AccountRoles($0) { identity.account ?? queueAccount } }
        identity.use(roles)
        self.identity = identity
        gateway = SecurityGroupGateway(session: session, roles: roles, clock: clock)
        lanes = Lanes(
            // One that is to end by itself does not wait for ever.
            limit: options.isUntilEmpty ? 3 : nil,
            clock: clock,
            logger: logger,
            probe: LaneProbe(session: session, queueURL: options.queueURL, gateway: gateway, writer: writer)
                .callAsFunction
        )
        writer.lanes = lanes
        self.writer = writer
        liveness = Liveness(clock: clock)
        self.name = name
        self.clock = clock
        self.logger = logger
    }

    /// Runs until `stop`, or with `isUntilEmpty` until the queue is empty.
    ///
    /// What AWS refuses at the start is reported and probed again; with `isUntilEmpty` it is thrown at once.
    ///
    /// - Parameter ready: called when the worker has what it needs and begins to poll.
    /// - Returns: the ids of the messages that the stop's bound abandoned.
    /// - Throws: what makes the settings impossible (a Region or queue URL that cannot be), and with `isUntilEmpty` what AWS
    ///   answered.
    package func run(stop: StopSignal, ready: @Sendable () -> Void = {}) async throws -> [String] {
        let queue = WorkQueue(sqs: try session.sqs(queueURL: options.queueURL), url: options.queueURL)
        let notifier = try options.topicARN.map { topicARN in
            Notifier(
                sns: try session.sns(topicARN: topicARN),
                topicARN: topicARN,
                writer: writer,
                backoff: Backoff(base: .seconds(2), cap: .seconds(300)),
                clock: clock,
                logger: logger
            )
        }
        if let url = options.deadLetterQueueURL {
            try DeadLetterQueue.check(url, beside: options.queueURL, session: session)
        }
        guard let (attributes, deadLetters) = try await start(queue, stop: stop) else { return [] }
        logger.notice(
            "worker started",
            metadata: [
                "queue.url": "\(plainText(options.queueURL))", "worker": "\(name)",
                "watch": "\(options.policies.current.watch.map(\.origin).joined(separator: ","))",
                "dry.run": "\(options.isDryRun)",
            ]
        )

        ready()

        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let consumer = consumer(of: queue, attributes, deadLetters: deadLetters) { wake.yield() }
        // These end with this function, which cancels them.
        async let _ = logAnchors()
        async let _ = lanes.run()
        async let _ = identity.find(clock: clock)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            if let notifier {
                group.addTask { await run(notifier, wakes: wakes, stop: stop) }
            }
            defer { wake.finish() }
            let abandoned = try await consumer.run(stop: stop)
            logger.notice("worker stopped", metadata: ["abandoned": "\(abandoned.count)"])
            return abandoned
        }
    }

    /// Runs the notifier to its end, which a stop bounds like everything else.
    private func run(_ notifier: Notifier, wakes: AsyncStream<Void>, stop: StopSignal) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await notifier.run(wakes: wakes) }
            group.addTask {
                await stop.wait()
                try? await clock.sleep(options.shutdown)
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Puts the head of the ledger's trail into the log once an hour, so that it is also where whoever can write the
    /// ledger cannot.
    private func logAnchors() async {
        repeat {
            if let anchor = try? await writer.write({ try $0.anchor() }) {
                logger.notice("ledger anchor", metadata: ["anchor": "\(anchor)"])
            }
        } while (try? await clock.sleep(.seconds(3600))) != nil
    }

    /// Asks for the queue until it answers, or the worker is to stop.
    private func start(
        _ queue: WorkQueue,
        stop: StopSignal
    ) async throws -> (QueueAttributes, DeadLetterQueue?)? {
        let backoff = Backoff(base: .seconds(2), cap: .seconds(60))
        var failures = 0
        while !stop.isRequested {
            do {
                let attributes = try await queue.attributes()
                return (attributes, try await deadLetterQueue(beside: queue, attributes))
            } catch  where !options.isUntilEmpty {
                failures += 1
                liveness.turned(at: clock.instant())
                logger.error(
                    "cannot start yet, will try again",
                    metadata: ["error": "\(plainText("\(error)"))"]
                )
                await stop.sleep(for: backoff.pause(after: failures), clock: clock)
            }
        }
        return nil
    }

    private func deadLetterQueue(
        beside queue: WorkQueue,
        _ attributes: QueueAttributes
    ) async throws -> DeadLetterQueue? {
        do {
            let letters = try await queue.deadLetterQueue(at: options.deadLetterQueueURL, attributes: attributes)
            for problem in try await letters.check() {
                logger.warning("dead-letter queue", metadata: ["problem": "\(plainText(problem))"])
            }
            return letters
        } catch QueueError.noDeadLetterQueue {
            logger.warning(
                "the queue has no redrive policy and --dead-letter-queue-url is not set: what fails stays in the queue"
            )
            return nil
        }
    }

    private func consumer(
        of queue: WorkQueue,
        _ attributes: QueueAttributes,
        deadLetters: DeadLetterQueue?,
        onFinish: @escaping @Sendable () -> Void
    ) -> QueueConsumer {
        let held = HeldMessages()
        let revert = RevertRun(
            gateway: gateway,
            isDryRun: options.isDryRun,
            settle: options.settle,
            clock: clock,
            lanes: lanes,
            identity: identity
        )
        let pipeline = MessagePipeline(
            writer: writer,
            policies: options.policies,
            revert: revert,
            identity: identity,
            deadLetters: deadLetters,
            maxReceiveCount: attributes.maxReceiveCount,
            isNotifying: options.topicARN != nil,
            workerName: name,
            backoff: Backoff(base: .seconds(5), cap: .seconds(900)),
            clock: clock,
            onFinish: onFinish
        )
        let heartbeat = Heartbeat(
            queue: queue,
            writer: writer,
            held: held,
            visibility: attributes.visibilityTimeout,
            clock: clock,
            logger: logger
        )
        return QueueConsumer(
            queue: queue,
            pipeline: pipeline,
            held: held,
            heartbeat: heartbeat,
            options: options,
            lanes: lanes,
            liveness: liveness,
            clock: clock,
            watchdog: clock,
            logger: logger
        )
    }
}
