import AWSClient
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

    @Option(.roleARN)
    var roleARN: String?

    @Option(.externalID)
    var externalID: String?

    @Option(.regions)
    var regions: [String] = []

    @Option(.trustedSenders)
    var trustedSenders: [String] = []

    @OptionGroup var notify: NotifySettings

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
        let regions = try regions(settings)
        if !regions.isEmpty { options.regions = Set(regions.map(\.description)) }
        options.trustedSenders = try Self.trustedSenders(trustedSenders, settings)
        options.topicARN = try topic(settings)
        options.notifyFormat = try notify.format(settings)
        options.webhook = try notify.webhook(settings)
        options.eventBus = try notify.bus(settings)
        options.isDryRun = try settings.isOn(isDryRun, .dryRun)
        options.concurrency = try settings.number(concurrency, .concurrency)
        options.wait = .seconds(try settings.number(waitSeconds, .waitSeconds))
        options.settle = .seconds(try settings.number(settleSeconds, .settleSeconds))
        options.shutdown = .seconds(try settings.number(shutdownSeconds, .shutdownSeconds))
        return options
    }

    /// The Regions that the setting names.
    func regions(_ settings: Settings) throws(SettingsError) -> [AWSRegion] {
        try settings.list(regions, .regions, expected: "an AWS Region, such as eu-west-1") { AWSRegion($0) }
    }

    /// The sessions of the role that is assumed in other accounts, where the setting names one.
    func roles(_ settings: Settings, base session: AWSSession) throws(SettingsError) -> RoleSessions? {
        let externalID = try settings.text(externalID, .externalID)
        let expected = "the ARN of a role, such as arn:aws:iam::{account}:role/sg-revert"
        let roles = try settings.value(roleARN, .roleARN, expected: expected) { text in
            try? RoleSessions(base: session, template: text, externalID: externalID)
        }
        if roles == nil, externalID != nil {
            throw .missing(
                what: "role for --external-id",
                how: "\(Setting.roleARN.flag) or \(Setting.roleARN.variable)"
            )
        }
        return roles
    }

    /// Whose messages are believed; empty for anybody's.
    static func trustedSenders(_ flags: [String], _ settings: Settings) throws(SettingsError) -> Set<String> {
        let expected = "a SenderId, such as AIDACKCEVSQ6C2EXAMPLE"
        return Set(
            try settings.list(flags, .trustedSenders, expected: expected) {
                $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? $0 : nil
            }
        )
    }

    /// The topic's ARN, where the setting names one.
    func topic(_ settings: Settings) throws(SettingsError) -> String? {
        try settings.value(topicARN, .topicARN, expected: "the ARN of a standard SNS topic") { text in
            ARN(text)?.service == "sns" && !text.hasSuffix(".fifo") ? text : nil
        }
    }
}
