import ArgumentParser
import SecurityGroups
import Worker

/// The worker's settings, which `doctor` takes too.
struct WorkerSettings: ParsableArguments {
    @OptionGroup var queue: QueueOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var ledger: LedgerOptions

    @OptionGroup var notify: NotifySettings
    @OptionGroup var ec2: EC2Settings
    @OptionGroup var claims: ClaimsSettings

    @Option(.trustedSenders)
    var trustedSenders: [String] = []

    @Flag(.dryRun)
    var isDryRun = false

    @Option(.concurrency)
    var concurrency: String?

    @Option(.waitSeconds)
    var waitSeconds: String?

    @Option(.snapshotMinutes)
    var snapshotMinutes: String?

    @Option(.shutdownSeconds)
    var shutdownSeconds: String?

    /// The worker's options.
    ///
    /// - Parameter policy: The policy that the setting names.
    func options(_ settings: Settings, policy: Policy) throws(SettingsError) -> WorkerOptions {
        var options = WorkerOptions(queueURL: try queue.queueURL(settings), policy: policy)
        options.deadLetterQueueURL = try queue.deadLetterQueueURL(settings)
        try ec2.apply(to: &options, settings)
        options.trustedSenders = try Self.trustedSenders(trustedSenders, settings)
        options.topicARN = try notify.topic(settings)
        options.notifyFormat = try notify.format(settings)
        options.webhook = try notify.webhook(settings)
        options.eventBus = try notify.bus(settings)
        options.claimsTable = try claims.table(settings)
        options.isDryRun = try settings.isOn(isDryRun, .dryRun)
        options.concurrency = try settings.number(concurrency, .concurrency)
        options.wait = .seconds(try settings.number(waitSeconds, .waitSeconds))
        options.snapshotInterval = .seconds(60 * (try settings.number(snapshotMinutes, .snapshotMinutes)))
        options.shutdown = .seconds(try settings.number(shutdownSeconds, .shutdownSeconds))
        return options
    }

    /// The senders whose messages are believed; empty for all senders.
    static func trustedSenders(_ flags: [String], _ settings: Settings) throws(SettingsError) -> Set<String> {
        let expected = "a SenderId, such as AIDACKCEVSQ6C2EXAMPLE"
        return Set(
            try settings.list(flags, .trustedSenders, expected: expected) {
                $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? $0 : nil
            }
        )
    }
}
