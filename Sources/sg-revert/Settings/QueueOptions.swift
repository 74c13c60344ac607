import ArgumentParser
import Foundation

/// The options that name the queues.
struct QueueOptions: ParsableArguments {
    @Option(.queueURL)
    var queueURL: String?

    @Option(.deadLetterQueueURL)
    var deadLetterQueueURL: String?

    /// The queue's URL.
    func queueURL(_ settings: Settings) throws(SettingsError) -> String {
        try Self.queueURL(queueURL, settings)
    }

    /// The queue's URL, for a command that has this flag alone.
    static func queueURL(_ flag: String?, _ settings: Settings) throws(SettingsError) -> String {
        guard let url = try url(flag, .queueURL, settings) else {
            throw .missing(what: "queue", how: "\(Setting.queueURL.flag) or \(Setting.queueURL.variable)")
        }
        return url
    }

    /// The URL of the dead-letter queue; nil if it is not set.
    func deadLetterQueueURL(_ settings: Settings) throws(SettingsError) -> String? {
        try Self.url(deadLetterQueueURL, .deadLetterQueueURL, settings)
    }

    private static func url(_ flag: String?, _ setting: Setting, _ settings: Settings) throws(SettingsError) -> String?
    {
        try settings.value(
            flag,
            setting,
            expected: "a queue's URL, such as https://sqs.eu-west-1.amazonaws.com/111122223333/sg-revert"
        ) {
            guard let url = URL(string: $0), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
                return nil
            }
            return $0
        }
    }
}
