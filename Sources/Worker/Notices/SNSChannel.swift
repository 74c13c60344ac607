import AWSClient
import Formats
import Ledger

/// A channel to a standard SNS topic.
struct SNSChannel: NotificationChannel {
    let name: String
    private let sns: Result<SNSClient, AWSClientError>
    private let topicARN: String
    private let format: NoticeFormat

    init(_ topicARN: String, _ format: NoticeFormat, _ session: AWSSession) {
        name = "sns:\(topicARN)"
        // A reloaded policy may name something that is no topic. Each delivery of this channel then fails, and only of
        // this one.
        sns = Result { () throws(AWSClientError) in try session.sns(topicARN: topicARN) }
        self.topicARN = topicARN
        self.format = format
    }

    func deliver(_ notice: Notice) async throws {
        let text = try NoticeText(notice)
        _ = try await sns.get().publish(
            topicARN: topicARN,
            subject: text.subject,
            message: format == .json ? NoticeDocument(notice).text : text.body,
            attributes: Self.attributes(of: notice)
        )
    }

    /// The attributes for filter policies of subscriptions.
    private static func attributes(of notice: Notice) -> [String: String] {
        let values = [
            "notice_id": notice.id, "outcome": notice.kind, "account": notice.account, "region": notice.region,
            "group_id": notice.groupID, "event_id": notice.eventID,
        ]
        // SNS refuses an empty value.
        return values.compactMapValues { $0.map { plainText($0, limit: 256) } }.filter { !$0.value.isEmpty }
    }
}
