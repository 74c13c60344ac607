package import AWSClient
import Formats
package import Foundation
import SecurityGroups

/// A harmless event for the real queue: the record of a call that EC2 does not have.
///
/// The worker receives, claims and records it as `ignored: not-a-rule-change`, and deletes its message. It calls EC2 for none of
/// that, and tells nobody.
package struct TestEvent: Hashable, Sendable {
    /// The name of the call that the record tells of.
    package static let eventName = "SgRevertTestEvent"

    /// The event's id, by which its row is found.
    package let eventID: String
    /// The message, in the form of EventBridge.
    package let body: String

    /// - Parameters:
    ///   - queueURL: names the account of the record, which is that of the queue.
    ///   - region: the Region that the record names.
    package init(eventID: String, queueURL: String, region: String, at time: Date) {
        self.eventID = eventID
        let account = AccountID(inQueueURL: queueURL)?.description ?? "123456789012"
        let now = RFC3339.format(time)
        let detail: [(String, String)] = [
            ("eventVersion", "1.09"), ("eventID", eventID), ("eventTime", now), ("eventType", "AwsApiCall"),
            ("eventCategory", "Management"), ("eventSource", "ec2.amazonaws.com"), ("eventName", Self.eventName),
            ("awsRegion", region), ("recipientAccountId", account), ("sourceIPAddress", "AWS Internal"),
            ("userAgent", "sg-revert test-event"),
        ]
        let identity = #""userIdentity":{"type":"AWSService","invokedBy":"sg-revert"}"#
        let envelope: [(String, String)] = [
            ("version", "0"), ("id", eventID), ("detail-type", "AWS API Call via CloudTrail"), ("source", "aws.ec2"),
            ("account", account), ("time", now), ("region", region),
        ]
        body = "{\(Self.members(envelope)),\"resources\":[],\"detail\":{\(identity),\(Self.members(detail))}}"
    }

    private static func members(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(JSONText.quoted($0)):\(JSONText.quoted($1))" }.joined(separator: ",")
    }

    /// Sends the event to the queue at `url`.
    ///
    /// - Returns: the id of the message.
    package func send(to url: String, by sqs: SQSClient) async throws -> String {
        let isFIFO = url.hasSuffix(".fifo")
        return try await sqs.sendMessage(
            queueURL: url,
            body: body,
            messageGroupID: isFIFO ? "sg-revert-test-event" : nil,
            messageDeduplicationID: isFIFO ? eventID : nil
        )
    }
}
