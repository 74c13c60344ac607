import Logging
import Telemetry
import Worker

extension Setting {
    static let queueURL = Setting("queue-url", .text, "The queue that EventBridge fills.", valueName: "url")
    static let deadLetterQueueURL = Setting(
        "dead-letter-queue-url",
        .text,
        "Where failures go.",
        otherwise: "what the queue's redrive policy names",
        valueName: "url"
    )
    static let group = Setting(
        "group",
        variables: ["SG_REVERT_GROUPS"],
        .list,
        "Watch this group, and revert every rule added to its ingress and every change of one.",
        valueName: "id"
    )
    static let policy = Setting("policy", .text, "A policy file.", valueName: "file", isFile: true)
    static let ledger = Setting(
        "ledger",
        .text,
        "The SQLite ledger.",
        otherwise: "ledger.db in the state directory",
        valueName: "file",
        isFile: true
    )
    static let topicARN = Setting("topic-arn", .text, "The SNS topic for notifications.", valueName: "arn")
    static let roleARN = Setting(
        "role-arn",
        .text,
        "The role to assume in an event's account where that is not our own. {account} stands for the account.",
        valueName: "arn"
    )
    static let externalID = Setting("external-id", .text, "The external id that --role-arn asks for.", valueName: "id")
    static let regions = Setting(
        "regions",
        .list,
        "A Region to act in. Events of others are ignored.",
        otherwise: "the queue's, and those that the policy names",
        valueName: "name"
    )
    static let trustedSenders = Setting(
        "trusted-sender",
        variables: ["SG_REVERT_TRUSTED_SENDERS"],
        .list,
        "Whose messages are believed: an SQS SenderId, of a role the part before the colon. Others' are dead letters.",
        otherwise: "anybody's",
        valueName: "id"
    )
    static let notifyFormat = Setting(
        "notify-format",
        .choice(NoticeFormat.allCases.map(\.rawValue), default: NoticeFormat.text.rawValue),
        "How notifications are written: text for people, or json.",
        valueName: "format"
    )
    static let webhookURL = Setting(
        "webhook-url",
        .text,
        "Send notifications here too, over https: as text in the form of Slack, or as JSON.",
        valueName: "url"
    )
    static let webhookSecretFile = Setting(
        "webhook-secret-file",
        .text,
        "The file with the secret that the header X-Sg-Revert-Signature is made with.",
        valueName: "file",
        isFile: true
    )
    static let eventBus = Setting(
        "event-bus",
        .text,
        "Put an event Security Group Reverted on this EventBridge bus for each notification.",
        valueName: "name|arn"
    )
    static let httpAddress = Setting(
        "http-address",
        .text,
        "Where /metrics, /livez and /readyz are served.",
        otherwise: "nowhere",
        valueName: "host:port"
    )
    static let metrics = Setting(
        "metrics",
        .choice(["none", "emf"], default: "none"),
        "Metrics on standard output: none, or emf for the embedded metric format of CloudWatch.",
        valueName: "format"
    )
    static let claims = Setting(
        "claims",
        .text,
        "dynamodb://TABLE: the table that the hosts of a fleet share, in the queue's Region.",
        otherwise: "each host has its ledger alone",
        valueName: "url"
    )
    static let dryRun = Setting("dry-run", .boolean, "Decide and record, revoke nothing.")
    static let concurrency = Setting(
        "concurrency",
        .number(1...1000, default: 300),
        "Messages worked on at once. One that waits does not count.",
        valueName: "n"
    )
    static let waitSeconds = Setting(
        "wait-seconds",
        .number(0...20, default: 20),
        "How long a poll waits for messages.",
        valueName: "n"
    )
    static let settleSeconds = Setting(
        "settle-seconds",
        .number(0...600, default: 15),
        "For how long after an event EC2 may not show it yet.",
        valueName: "n"
    )
    static let snapshotMinutes = Setting(
        "snapshot-minutes",
        .number(0...1440, default: 15),
        "How often the rules of watched groups are read, and those that nothing explains are reverted. 0: never.",
        valueName: "n"
    )
    static let shutdownSeconds = Setting(
        "shutdown-seconds",
        .number(0...3600, default: 30),
        "The longest that a graceful stop may take.",
        valueName: "n"
    )
    static let logLevel = Setting(
        "log-level",
        .choice(Logger.Level.allCases.map(\.rawValue), default: "info"),
        "The least severe log lines that are written.",
        valueName: "level"
    )
    static let logFormat = Setting(
        "log-format",
        .choice(LogFormat.allCases.map(\.rawValue), default: nil),
        "How log lines are written: text or json.",
        otherwise: "text on a terminal, else json",
        valueName: "format"
    )
    static let profile = Setting(
        "profile",
        variables: ["AWS_PROFILE"],
        .text,
        "The profile of the shared AWS files.",
        valueName: "name"
    )
    static let region = Setting(
        "region",
        variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
        .text,
        "The AWS Region.",
        valueName: "name"
    )
    static let endpointURL = Setting(
        "endpoint-url",
        variables: ["AWS_ENDPOINT_URL"],
        .text,
        "Send every call here, as to an emulator.",
        valueName: "url"
    )

    /// Every setting, in the order in which the documentation lists them. Only what is in this list is accepted in the
    /// environment and in the `--config` file.
    static let all = [
        queueURL, deadLetterQueueURL, group, policy, ledger, topicARN, notifyFormat, webhookURL, webhookSecretFile,
        eventBus, roleARN, externalID, regions, trustedSenders, claims, httpAddress, metrics, dryRun, concurrency,
        waitSeconds, settleSeconds, snapshotMinutes, shutdownSeconds, logLevel, logFormat, profile, region, endpointURL,
    ]
}
