import Formats
package import Foundation
import Hashing

/// The facts of a CloudTrail record, as text. Nothing is verified: real records are odd, redacted or old, and anybody
/// who can send to the queue can write one.
package final class CloudTrailEvent: Sendable {
    /// The record's id, never empty. A duplicate delivery has the same one.
    package let eventID: String
    /// The API action; empty if the record has none.
    package let eventName: String
    /// The service's host name, `ec2.amazonaws.com`; empty if the record has none.
    package let eventSource: String
    /// The time of the call, if the record has it in RFC 3339.
    package let eventTime: Date?
    /// The Region of the call, and so of the group.
    package let region: String?
    /// The account that was changed. Records from before about 2021 do not tell it when they come through EventBridge;
    /// then it is the account of the bus, and without a bus the caller's.
    package let account: String?
    /// EC2's id of the request. The worker recognises its own calls by it.
    package let requestID: String?
    /// The error, with EC2's prefix `Client.`; nil for a call that succeeded.
    package let errorCode: String?
    /// AWS's text of the error.
    package let errorMessage: String?
    /// An address, a service's host name, or `AWS Internal`.
    package let sourceIPAddress: String?
    /// The user agent that the caller sent.
    package let userAgent: String?
    /// The id of the record that this one completes. CloudTrail's addendum `UPDATED_DATA` has a new id but is about the
    /// same call.
    package let originalEventID: String?
    /// The caller.
    package let actor: Actor
    /// The security group that the call names, as text, also if the call failed or changes no rules.
    package let groupID: String?
    /// The groups whose tags a successful `CreateTags` or `DeleteTags` changed.
    package let tagChange: TagChange?
    /// The prefix list whose entries a successful call changed: `ModifyManagedPrefixList`,
    /// `RestoreManagedPrefixListVersion`.
    package let changedPrefixListID: String?
    /// The SHA-256, in lower-case hexadecimal, of the record as JSON in its one canonical text: members sorted by name, no
    /// white space, numbers as they are written in the record. An event is its id and this digest.
    package let digest: String

    /// An event of our own, which no record brought.
    ///
    /// - Parameter detail: what the event's digest is made of. It is no JSON, so that no record has the same digest.
    package init(
        ownEventID eventID: String,
        eventName: String,
        eventTime: Date,
        region: String,
        account: String?,
        groupID: String,
        detail: String
    ) {
        self.eventID = eventID
        self.eventName = eventName
        self.eventTime = eventTime
        self.region = region
        self.account = account
        self.groupID = groupID
        eventSource = "sg-revert"
        requestID = nil
        errorCode = nil
        errorMessage = nil
        sourceIPAddress = nil
        userAgent = nil
        originalEventID = nil
        actor = Actor(.null)
        tagChange = nil
        changedPrefixListID = nil
        digest = Digest.hex(Digest.sha256(Array(detail.utf8)))
    }

    /// The facts of a record, or nil if it has no id.
    ///
    /// - Parameters:
    ///   - account: The account of the event bus that sent it; nil without a bus.
    ///   - region: The Region of that bus.
    init?(_ record: JSONValue, account bus: String?, region busRegion: String?) {
        guard let eventID = record["eventID"].string else { return nil }
        self.eventID = eventID
        eventName = record["eventName"].string ?? ""
        eventSource = record["eventSource"].string ?? ""
        eventTime = record["eventTime"].string.flatMap { RFC3339.parse($0) }
        region = record["awsRegion"].string ?? busRegion
        actor = Actor(record["userIdentity"])
        account = record["recipientAccountId"].text ?? bus ?? actor.accountID
        requestID = record["requestID"].string ?? record["responseElements"]["requestId"].string
        errorCode = record["errorCode"].text
        errorMessage = record["errorMessage"].text
        sourceIPAddress = record["sourceIPAddress"].string
        userAgent = record["userAgent"].string
        let addendum = record["addendum"]
        originalEventID = addendum["reason"].string == "UPDATED_DATA" ? addendum["originalEventID"].string : nil
        let subject = CallSubject(eventSource: eventSource, eventName: eventName, record: record)
        groupID = subject.groupID
        tagChange = subject.tagChange
        changedPrefixListID = subject.changedPrefixListID
        digest = Digest.hex(Digest.sha256(record.canonicalBytes))
    }
}
