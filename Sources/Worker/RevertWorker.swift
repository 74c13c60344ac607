package import AWSClient
import Formats
import Foundation
package import Ledger
package import Logging
import SecurityGroups

/// The worker: it polls the queue, reverts what the policy forbids, records it and tells people.
package struct RevertWorker: Sendable {
    let options: WorkerOptions
    let session: AWSSession
    let writer: LedgerWriter
    let lanes: Lanes
    let gateway: SecurityGroupGateway
    let identity: OwnIdentity
    let name: String
    let clock: WorkerClock
    let random: @Sendable () -> Double
    let intake: Intake
    let hand: Hand
    let slots: WorkSlots
    let startState = StartState()
    let shownOutages = ShownOutages()
    let logger: Logger
    /// The progress of the poller.
    package let liveness: Liveness

    /// Creates a worker that acts through `session` and records in `ledger`.
    ///
    /// - Parameter name: The worker's name in the ledger and in dead letters.
    package init(
        options: WorkerOptions,
        session: AWSSession,
        ledger: LedgerDatabase,
        name: String,
        clock: WorkerClock = .system,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        logger: Logger
    ) {
        self.random = random
        self.options = options
        let intake = Intake(parking: options.parking, receivers: options.receivers, clock: clock)
        self.intake = intake
        hand = Hand(intake: intake)
        let slots = WorkSlots(count: options.concurrency, limits: options.parking, intake: intake, clock: clock)
        self.slots = slots
        self.session = session
        var writer = LedgerWriter(ledger, metrics: options.metrics)
        let identity = OwnIdentity(session: session)
        self.identity = identity
        gateway = SecurityGroupGateway(
            session: session,
            roles: Self.roles(options, identity),
            clock: clock,
            approvals: writer.approvals
        ) {
            intake.isDraining || slots.checkFilling()
        }
        let probe = LaneProbe(options: options, session: session, gateway: gateway, writer: writer)
        lanes = Self.lanes(options, clock, random, logger, probe)
        writer.lanes = lanes
        self.writer = writer
        liveness = Liveness(clock: clock)
        self.name = name
        self.clock = clock
        self.logger = logger
    }

    private static func lanes(
        _ options: WorkerOptions,
        _ clock: WorkerClock,
        _ random: @escaping @Sendable () -> Double,
        _ logger: Logger,
        _ probe: LaneProbe
    ) -> Lanes {
        Lanes(
            // A worker with `--until-empty` does not wait for ever.
            limit: options.isUntilEmpty ? 3 : nil,
            backoff: Backoff(base: .seconds(1), cap: .seconds(30), random: random),
            clock: clock,
            logger: logger,
            probe: probe.callAsFunction
        )
    }

    /// The roles of other accounts, which `identity` uses too; nil if there are none.
    private static func roles(_ options: WorkerOptions, _ identity: OwnIdentity) -> AccountRoles? {
        let queueAccount = AccountID(inQueueURL: options.queueURL)
        let roles = options.roles.map { AccountRoles($0) { identity.account ?? queueAccount } }
        identity.use(roles)
        return roles
    }

    /// Runs until `stop`, or with `isUntilEmpty` until the queue is empty.
    ///
    /// An error from AWS at the start is logged, and the worker tries again. With `isUntilEmpty` it is thrown at once.
    ///
    /// - Parameter ready: Called when the worker has what it needs and begins to poll.
    /// - Returns: The ids of the messages that the stop's bound abandoned.
    /// - Throws: An error of the settings (a Region or queue URL that cannot exist), and with `isUntilEmpty` the error
    ///   from AWS.
    package func run(stop: StopSignal, ready: @Sendable () -> Void = {}) async throws -> [String] {
        let queue = WorkQueue(sqs: try session.sqs(queueURL: options.queueURL), url: options.queueURL)
        let channels = try ChannelList(options, session)
        if let url = options.deadLetterQueueURL {
            try DeadLetterQueue.check(url, beside: options.queueURL, session: session)
        }
        guard let facts = try await start(queue, stop: stop) else { return [] }
        let queueState = QueueState(facts, logger: logger) { try await self.facts(of: queue, isStart: false) }
        logStart()
        startState.succeeded()
        ready()

        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let claims = try claims(inRegion: queue.region)
        let consumer = consumer(of: queue, queueState, claims) { wake.yield() }
        // These end with this function, which cancels them.
        async let _ = logAnchors()
        async let _ = lanes.run()
        async let _ = tellOutages { wake.yield() }
        async let _ = identity.find(clock: clock, random: random)
        async let _ = session.keepCredentialsFresh()
        let held = HeldNotices(claims: claims, clock: clock, logger: logger) { wake.yield() }
        async let _ = held.run()
        let keeper = stateKeeper(consumer.pipeline) { wake.yield() }
        async let _ = queueState.keepFresh(clock: clock)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await notify(channels, wakes: wakes, stop: stop) }
            defer { wake.finish() }
            let abandoned = try await keeping(keeper, stop) { try await consumer.run(stop: stop) }
            // The notifier's last look comes after this.
            if claims.shared.isShared { await held.last(tellsUnknown: options.isUntilEmpty) }
            logger.notice("worker stopped", metadata: ["abandoned": .stringConvertible(abandoned.count)])
            return abandoned
        }
    }

    private func logStart() {
        logger.notice(
            "worker started",
            metadata: [
                "queue.url": "\(plainText(options.queueURL))", "worker": "\(name)",
                "watch": "\(options.policies.current.watch.map(\.origin).joined(separator: ","))",
                "dry.run": .stringConvertible(options.isDryRun),
            ]
        )
    }

    /// Runs the notifier to its end, within the bound of the stop.
    private func notify(_ channels: ChannelList, wakes: AsyncStream<Void>, stop: StopSignal) async {
        let notifier = Notifier(
            writer: writer,
            channels: { channels.current },
            backoff: Backoff(base: .seconds(2), cap: .seconds(300), random: random),
            clock: clock,
            logger: logger
        )
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

    /// Logs the head of the ledger's trail once an hour, so that it is also in a place where somebody who can write the
    /// ledger cannot change it.
    private func logAnchors() async {
        repeat {
            if let anchor = try? await writer.write({ try $0.anchor() }) {
                logger.notice("ledger anchor", metadata: ["anchor": "\(anchor)"])
            }
        } while (try? await clock.sleep(.seconds(3600))) != nil
    }

    /// Adds long outages to the outbox, so that people are told, independent of the policy's `notify`.
    private func tellOutages(told: @escaping @Sendable () -> Void) async {
        for await notice in lanes.board.notices where options.isNotifying(by: options.policies.current) {
            let kind = notice.isOver ? "outage-over" : "outage"
            let id = "\(kind):\(notice.lane):\(RFC3339.format(notice.since)):\(name)"
            let payload: [String: AuditValue] = [
                "service": .text(notice.lane.service.rawValue), "lane": .text("\(notice.lane)"),
                "since": .text(RFC3339.format(notice.since)), "error": .text(notice.cause), "worker": .text(name),
            ]
            try? await writer.write { transaction in
                try transaction.addNotice(
                    id: id,
                    kind: kind,
                    account: notice.lane.account?.description,
                    region: notice.lane.region?.description,
                    payload: payload
                )
            }
            told()
        }
    }
}
