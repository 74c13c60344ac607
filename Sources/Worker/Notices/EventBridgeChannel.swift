import AWSClient
import Formats
import Ledger

/// A channel to an EventBridge bus, for other programs.
struct EventBridgeChannel: NotificationChannel {
    let name: String
    private let events: Result<EventBridgeClient, AWSClientError>
    private let bus: String

    /// - Parameter bus: The bus's name or ARN.
    init(_ bus: String, _ session: AWSSession) {
        name = "eventbridge:\(bus)"
        self.bus = bus
        let region = ARN(bus).flatMap { AWSRegion($0.region) }
        events = Result { () throws(AWSClientError) in try session.eventBridge(region: region) }
    }

    func deliver(_ notice: Notice) async throws {
        let event = EventBridgeEvent(
            source: "sg-revert",
            detailType: "Security Group Reverted",
            detail: NoticeDocument(notice).text,
            resources: QuotedText.group(notice.groupID).map { [$0] } ?? []
        )
        if let failure = try await events.get().putEvents([event], bus: bus)[0] { throw failure }
    }
}
