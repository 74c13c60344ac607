import AWSClient
import SecurityGroups
import Synchronization

/// The channels for notifications. A reloaded policy may name another topic.
final class ChannelList: Sendable {
    private let options: WorkerOptions
    private let session: AWSSession
    /// The channels for the topic that was used last.
    private let made: Mutex<(topicARN: String?, channels: [any NotificationChannel])>

    /// - Throws: The problem of a channel's settings.
    init(_ options: WorkerOptions, _ session: AWSSession) throws(AWSClientError) {
        self.options = options
        self.session = session
        let topicARN = options.currentTopicARN
        if let topicARN { _ = try session.sns(topicARN: topicARN) }
        made = Mutex((topicARN, Self.channels(options, topicARN, session)))
    }

    /// The current channels. They are kept, because a client learns from its calls.
    var current: [any NotificationChannel] {
        let topicARN = options.currentTopicARN
        return made.withLock { made in
            if made.topicARN != topicARN { made = (topicARN, Self.channels(options, topicARN, session)) }
            return made.channels
        }
    }

    private static func channels(
        _ options: WorkerOptions,
        _ topicARN: String?,
        _ session: AWSSession
    ) -> [any NotificationChannel] {
        options.channels(topicARN).map { $0(session) }
    }
}

extension WorkerOptions {
    /// Makes the channels that the settings name. A new channel is one file and one line here.
    fileprivate func channels(_ topicARN: String?) -> [(AWSSession) -> any NotificationChannel] {
        let channels: [((AWSSession) -> any NotificationChannel)?] = [
            topicARN.map { topic in { SNSChannel(topic, notifyFormat, $0) } },
            eventBus.map { bus in { EventBridgeChannel(bus, $0) } },
            webhook.map { webhook in { WebhookChannel(webhook, notifyFormat, $0.transport) } },
        ]
        return channels.compactMap(\.self)
    }

    /// True if `policy` or a setting names a channel.
    func isNotifying(by policy: Policy) -> Bool { !channels(topicARN ?? policy.topicARN).isEmpty }

    /// The topic of the settings, or else that of the current policy.
    var currentTopicARN: String? { topicARN ?? policies.current.topicARN }
}
