import AWSClient
import Formats
import Foundation
import Ledger
import SecurityGroups

/// The parts of a worker, made from its options.
extension RevertWorker {
    /// The claims on events: the fleet's, where there is a table, and the ledger's.
    ///
    /// - Parameter region: The Region of the table, which is that of the queue; nil for the default Region.
    func claims(inRegion region: AWSRegion?) throws -> EventClaims {
        guard let name = options.claimsTable else { return EventClaims(writer: writer) }
        let table = TableCalls(
            client: try session.dynamodb(region: region),
            table: name,
            lane: Lane(.dynamodb, region: region),
            lanes: lanes,
            watchdog: clock
        )
        return EventClaims(
            writer: writer,
            shared: ClaimsTable(table: table, owner: self.name, clock: clock) { UUID().uuidString.lowercased() }
        )
    }

    func consumer(
        of queue: WorkQueue,
        _ queueState: QueueState,
        _ claims: EventClaims,
        onFinish: @escaping @Sendable () -> Void
    ) -> QueueConsumer {
        let heartbeat = Heartbeat(
            queue: queue,
            claims: claims,
            hand: hand,
            queueState: queueState,
            clock: clock,
            logger: logger
        )
        return QueueConsumer(
            queue: queue,
            queueState: queueState,
            pipeline: pipeline(region: queue.region.description, queueState, claims, onFinish: onFinish),
            lanes: lanes,
            intake: intake,
            hand: hand,
            slots: slots,
            heartbeat: heartbeat,
            options: options,
            liveness: liveness,
            clock: clock,
            watchdog: clock,
            pacer: clock,
            logger: logger
        )
    }

    /// Makes the pipeline that handles each event.
    ///
    /// - Parameter region: The Region to act in if neither a setting nor the policy names one.
    func pipeline(
        region: String,
        _ queueState: QueueState,
        _ claims: EventClaims,
        onFinish: @escaping @Sendable () -> Void
    ) -> MessagePipeline {
        MessagePipeline(
            claims: claims,
            policies: options.policies,
            revert: RevertRun(
                gateway: gateway,
                isDryRun: options.isDryRun,
                settle: options.settle,
                clock: clock,
                lanes: lanes,
                identity: identity,
                policies: options.policies
            ),
            identity: identity,
            territory: Territory(
                regions: options.regions,
                accounts: options.accounts,
                queueRegion: region,
                queueAccount: AccountID(inQueueURL: options.queueURL)?.description,
                trustedSenders: options.trustedSenders
            ),
            queueState: queueState,
            isNotifying: { [options] in options.isNotifying(by: $0) },
            workerName: name,
            backoff: Backoff(base: .seconds(5), cap: .seconds(900), random: random),
            clock: clock,
            isUntilEmpty: options.isUntilEmpty,
            metrics: options.metrics,
            onFinish: onFinish
        )
    }
}
