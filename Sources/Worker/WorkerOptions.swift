package import AWSClient
package import SecurityGroups

/// What a worker is told to do.
package struct WorkerOptions: Sendable {
    /// The URL of the queue that EventBridge fills.
    package var queueURL: String
    /// The URL of the queue for what fails; nil for the one that the queue's redrive policy names.
    package var deadLetterQueueURL: String?
    /// What may stand where, now and after the next swap.
    package let policies: PolicyStore
    /// The SNS topic where people are told; nil for the one that the policy names.
    package var topicARN: String?
    /// The Regions to act in; nil for the queue's own and those that the policy names.
    package var regions: Set<String>?
    /// The accounts to act in beside those that the policy names; nil for our own.
    package var accounts: Set<String>?
    /// The SQS `SenderId`s whose messages are believed; empty for anybody's.
    package var trustedSenders: Set<String> = []
    /// The webhook where people are told.
    package var webhook: Webhook?
    /// The name or ARN of the EventBridge bus where others are told.
    package var eventBus: String?
    /// What counts and measures.
    package var metrics = WorkerMetrics.none
    /// How notifications are written.
    package var notifyFormat: NoticeFormat = .text
    /// Whether rules are only judged, and nothing is revoked.
    package var isDryRun: Bool
    /// How many messages are worked on at once, at least 1. Those that wait do not count.
    package var concurrency: Int
    /// Whether to end once the queue is empty.
    package var isUntilEmpty: Bool
    /// How long one receive waits for messages, from 0 to 20 seconds.
    package var wait: Duration
    /// For how long after an event EC2 may not yet show what it did.
    package var settle: Duration
    /// How long a stop may take.
    package var shutdown: Duration
    /// The role that is assumed in accounts other than our own; nil where our own credentials serve everywhere.
    package var roles: RoleSessions?

    /// The outcomes of which people are told.
    static let notifyOn: Set<EventOutcome> = [
        .reverted, .failed, .deadLettered, .suppressed, .notRestored, .conflict,
    ]
    /// For how long a claim holds that is not renewed.
    package static let lease: Duration = .seconds(60)

    /// Options with the defaults of the contract, and a store that holds `policy`.
    package init(
        queueURL: String,
        deadLetterQueueURL: String? = nil,
        policy: Policy,
        topicARN: String? = nil,
        isDryRun: Bool = false,
        concurrency: Int = 100,
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
