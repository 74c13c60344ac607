package import AWSClient
package import SecurityGroups

/// The options of a worker.
package struct WorkerOptions: Sendable {
    /// The URL of the queue that EventBridge fills.
    package var queueURL: String
    /// The URL of the dead-letter queue; nil for the one that the queue's redrive policy names.
    package var deadLetterQueueURL: String?
    /// The policy, which can be replaced.
    package let policies: PolicyStore
    /// The SNS topic where people are told; nil for the one that the policy names.
    package var topicARN: String?
    /// The Regions to act in; nil for the queue's own and those that the policy names.
    package var regions: Set<String>?
    /// The accounts to act in besides those that the policy names; nil for the worker's own.
    package var accounts: Set<String>?
    /// The SQS `SenderId`s whose messages are believed; empty for all senders.
    package var trustedSenders: Set<String> = []
    /// The webhook where people are told.
    package var webhook: Webhook?
    /// The name or ARN of the EventBridge bus where others are told.
    package var eventBus: String?
    /// The metrics that the worker counts into.
    package var metrics = WorkerMetrics.none
    /// The format of notifications.
    package var notifyFormat: NoticeFormat = .text
    /// True to judge only, and to revert nothing.
    package var isDryRun: Bool
    /// The number of messages that are worked on at once, at least 1. Messages that wait do not count.
    package var concurrency: Int
    /// True to end once the queue is empty.
    package var isUntilEmpty: Bool
    /// The time for which one receive waits for messages, from 0 to 20 seconds.
    package var wait: Duration
    /// The settle time: for so long after a change, EC2 may still show the earlier state.
    package var settle: Duration
    /// The longest time that a stop may take.
    package var shutdown: Duration
    /// The interval at which the rules of watched groups are read; zero to read them never.
    package var snapshotInterval: Duration = .seconds(900)
    /// The role that is assumed in accounts other than our own; nil where our own credentials serve everywhere.
    package var roles: RoleSessions?
    /// How many messages may wait in hand without a slot.
    var parking = WorkSlots.Limits()
    /// How many receivers may ask at once while responses are full. Each response has up to ten messages.
    var receivers: Int { min(max((concurrency + 9) / 10, 1), 16) }

    /// The name of the DynamoDB table that the hosts of a fleet share; nil where each has its ledger alone.
    package var claimsTable: String?

    /// The outcomes of which people are told.
    static let notifyOn: Set<EventOutcome> = [
        .reverted, .failed, .deadLettered, .suppressed, .notRestored, .conflict,
    ]
    /// The time for which a claim holds unless it is renewed.
    package static let lease: Duration = .seconds(60)

    /// Creates options with the documented defaults, and a store that holds `policy`.
    package init(
        queueURL: String,
        deadLetterQueueURL: String? = nil,
        policy: Policy,
        topicARN: String? = nil,
        isDryRun: Bool = false,
        concurrency: Int = 300,
        isUntilEmpty: Bool = false,
        wait: Duration = .seconds(20),
        settle: Duration = .seconds(15),
        shutdown: Duration = .seconds(30)
    ) {
        self.queueURL = queueURL
        self.deadLetterQueueURL = deadLetterQueueURL
        policies = PolicyStore(policy)
        self.topicARN = topicARN
        self.isDryRun = isDryRun
        self.concurrency = concurrency
        self.isUntilEmpty = isUntilEmpty
        self.wait = wait
        self.settle = settle
        self.shutdown = shutdown
    }
}
