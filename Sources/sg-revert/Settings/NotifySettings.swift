import ArgumentParser
import Formats
import Foundation
import Worker

/// The settings of notifications.
struct NotifySettings: ParsableArguments {
    @Option(.topicARN)
    var topicARN: String?

    @Option(.notifyFormat)
    var notifyFormat: String?

    @Option(.webhookURL)
    var webhookURL: String?

    @Option(.webhookSecretFile)
    var webhookSecretFile: String?

    @Option(.eventBus)
    var eventBus: String?

    /// The topic's ARN; nil if the setting names none.
    func topic(_ settings: Settings) throws(SettingsError) -> String? {
        try Self.topic(topicARN, settings)
    }

    /// The topic's ARN, for a command that has no flag for it.
    static func topic(_ flag: String? = nil, _ settings: Settings) throws(SettingsError) -> String? {
        try settings.value(flag, .topicARN, expected: "the ARN of a standard SNS topic") { text in
            ARN(text)?.service == "sns" && !text.hasSuffix(".fifo") ? text : nil
        }
    }

    /// The name or ARN of the bus.
    func bus(_ settings: Settings) throws(SettingsError) -> String? {
        try settings.value(eventBus, .eventBus, expected: "the name or ARN of an EventBridge bus") { Self.bus($0) }
    }

    private static func bus(_ text: String) -> String? {
        if let arn = ARN(text) { return arn.service == "events" && arn.resource.hasPrefix("event-bus/") ? text : nil }
        let isName =
            text.utf8.count <= 256
            && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "-./_".utf8.contains($0) }
        return isName ? text : nil
    }

    /// The format of notifications.
    func format(_ settings: Settings) throws(SettingsError) -> NoticeFormat {
        try settings.word(notifyFormat, .notifyFormat).flatMap { NoticeFormat(rawValue: $0) } ?? .text
    }

    /// The webhook, with the secret for its signature.
    func webhook(_ settings: Settings) throws(SettingsError) -> Webhook? {
        let secret = try settings.value(
            webhookSecretFile,
            .webhookSecretFile,
            expected: "a file that can be read and holds a secret"
        ) { Self.content(of: $0) }
        // The address may hold a secret, so an error does not repeat it.
        do throws(SettingsError) {
            return try settings.value(webhookURL, .webhookURL, expected: "an https URL") {
                Webhook(url: $0, secret: secret)
            }
        } catch {
            guard case .unreadable(let origin, _, let expected) = error else { throw error }
            throw .unreadable(origin, value: "…", expected: expected)
        }
    }

    /// The content of the file, without a line end at its end.
    private static func content(of path: String) -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 65_536 else { return nil }
        var bytes = Array(data)
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        return bytes.isEmpty ? nil : bytes
    }
}
