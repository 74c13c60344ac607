import ArgumentParser
import Formats
import SecurityGroups
import Worker

/// The worker's settings, which `doctor` takes too.
struct WorkerSettings: ParsableArguments {
    @OptionGroup var queue: QueueOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var ledger: LedgerOptions

    @Option(.topicARN)
    var topicARN: String?

    @Flag(.dryRun)
    var isDryRun = false

    @Option(.concurrency)
    var concurrency: String?

    @Option(.waitSeconds)
    var waitSeconds: String?

    @Option(.settleSeconds)
    var settleSeconds: String?

    @Option(.shutdownSeconds)
    var shutdownSeconds: String?

    /// The worker's options.
    ///
    /// - Parameter policy: what the policy setting names.
    func options(_ settings: Settings, policy: Policy) throws(SettingsError) -> WorkerOptions {
        var options = WorkerOptions(queueURL: try queue.queueURL(settings), policy: policy)
        options.deadLetterQueueURL = try queue.deadLetterQueueURL(settings)
        options.topicARN = try topic(settings) ?? policy.topicARN
        options.isDryRun = try settings.isOn(isDryRun, .dryRun)
        options.concurrency = try settings.number(concurrency, .concurrency)
        options.wait = .seconds(try settings.number(waitSeconds, .waitSeconds))
        options.settle = .seconds(try settings.number(settleSeconds, .settleSeconds))
        options.shutdown = .seconds(try settings.number(shutdownSeconds, .shutdownSeconds))
        return options
    }

    /// The topic's ARN, where the setting names one.
    func topic(_ settings: Settings) throws(SettingsError) -> String? {
        try settings.value(topicARN, .topicARN, expected: "the ARN of a standard SNS topic") { text in
            ARN(text)?.service == "sns" && !text.hasSuffix(".fifo") ? text : nil
        }
    }
}
