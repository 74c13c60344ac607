package import Foundation
package import SecurityGroups

/// The facts of a CloudTrail record that the ledger keeps. They are text of others and are not trusted.
///
/// Each text is cut at 4 KiB, and NUL characters are removed, because SQLite would end the text there.
package struct EventFacts: Hashable, Sendable {
    /// CloudTrail's `eventID`. A duplicate delivery has the same one.
    package let eventID: String
    /// The SHA-256 of the record's `detail`, lower-case hexadecimal; empty if it is not known. The same id with another
    /// digest is another event.
    package let digest: String
    /// For an `UPDATED_DATA` addendum, the id of the event that it completes.
    package let originalEventID: String?
    /// The name of the API action.
    package let eventName: String
    /// The account that received the event.
    package let account: String?
    /// The Region of the call.
    package let region: String?
    /// The id of the group that was changed.
    package let groupID: String?
    /// The ARN of the caller; for a role, the ARN of its session.
    package let actorARN: String?
    /// The ARN of the role or user behind the session. Exemptions compare this one.
    package let issuerARN: String?
    /// CloudTrail's `userIdentity.type`: `IAMUser`, `AssumedRole`, `AWSService`.
    package let actorType: String?
    /// The caller's principal id or user id, which also a caller without an ARN has.
    package let actorID: String?
    /// The AWS service that made the call on somebody's behalf.
    package let invokedBy: String?
    /// The source of the call: an address, or the name of an AWS service.
    package let sourceIP: String?
    /// The user agent that the caller sent.
    package let userAgent: String?
    /// The time of the call; nil if the record has none.
    package let eventTime: Date?
    /// EC2's id of the call.
    package let requestID: String?

    /// Creates the facts of one record.
    package init(
        eventID: String,
        digest: String = "",
        originalEventID: String? = nil,
        eventName: String,
        account: String? = nil,
        region: String? = nil,
        groupID: String? = nil,
        actorARN: String? = nil,
        issuerARN: String? = nil,
        actorType: String? = nil,
        actorID: String? = nil,
        invokedBy: String? = nil,
        sourceIP: String? = nil,
        userAgent: String? = nil,
        eventTime: Date? = nil,
        requestID: String? = nil
    ) {
        self.eventID = eventID.bounded.withoutMark
        self.digest = digest.bounded
        self.originalEventID = originalEventID?.bounded.withoutMark
        self.eventName = eventName.bounded
        self.account = account?.bounded
        self.region = region?.bounded
        self.groupID = groupID?.bounded
        self.actorARN = actorARN?.bounded
        self.issuerARN = issuerARN?.bounded
        self.actorType = actorType?.bounded
        self.actorID = actorID?.bounded
        self.invokedBy = invokedBy?.bounded
        self.sourceIP = sourceIP?.bounded
        // CloudTrail cuts it at 1 KiB; whoever calls chooses the text.
        self.userAgent = userAgent?.bounded(to: 1024)
        self.eventTime = eventTime
        self.requestID = requestID?.bounded
    }
}

/// One SQS message that brought an event.
package struct Delivery: Hashable, Sendable {
    /// SQS's id of the message. It is the same for each receive.
    package let messageID: String
    /// The message's `SgRevertReplayCount`; 0 if nobody replayed the message.
    package let replayCount: Int
    /// The time at which this worker received the message.
    package let receivedAt: Date

    /// Creates a delivery.
    package init(messageID: String, replayCount: Int = 0, receivedAt: Date) {
        self.messageID = messageID.bounded
        self.replayCount = replayCount
        self.receivedAt = receivedAt
    }
}

/// The answer to a claim.
package enum ClaimResult: Hashable, Sendable {
    /// Run the event. The claim holds until its lease ends.
    case run(Claim)
    /// Another worker has a live claim. Postpone the message until about this time; neither run nor delete it.
    case held(until: Date)
    /// The event is done, with this outcome. Delete the message.
    case duplicate(EventOutcome)
}

/// The right to run one event once.
package struct Claim: Hashable, Sendable {
    /// The id under which the ledger knows the event: CloudTrail's, and for a conflict `~` and 12 digits of its digest
    /// after it.
    package let eventID: String
    /// True if the ledger knows the event id with other content. The event runs by itself, and people are told.
    package let isConflict: Bool
    /// The number of the claim. It grows with each claim of the event. A write with an older number is refused, so that
    /// a worker that was paused and wakes up late cannot overwrite its successor.
    package let fence: Int64
    /// The number of this run of the event, from 1.
    package let attempt: Int
    /// The rules that earlier runs tried to revoke; nil before the first try. For a record without rule ids a later run touches
    /// no others.
    package internal(set) var matchedRuleIDs: [String]?
    /// The ids of the rules that were kept with this claim as what its run is about to revert.
    package var kept: [String] = []
    /// True if the ledger has seen at least one of these rules.
    package var knowsRules = false
    /// True if the run before this one never ended, because its worker died or lost its lease.
    package internal(set) var isTakeover: Bool
    /// The hold in the table that the hosts of a fleet share; nil where the ledger alone counts.
    package internal(set) var shared: SharedClaim?
    /// The rules that earlier runs reverted before they failed. A later run finds these rules gone; reporting them as they are
    /// here keeps their undo commands, and `reverted` as the outcome of an event whose rules needed two runs.
    package let alreadyReverted: [RuleResult]

    /// Creates a claim. Only claims that the ledger made are accepted.
    package init(
        eventID: String,
        fence: Int64,
        attempt: Int,
        isConflict: Bool = false,
        matchedRuleIDs: [String]? = nil,
        isTakeover: Bool = false,
        alreadyReverted: [RuleResult] = []
    ) {
        self.eventID = eventID
        self.isConflict = isConflict
        self.fence = fence
        self.attempt = attempt
        self.matchedRuleIDs = matchedRuleIDs
        self.isTakeover = isTakeover
        self.alreadyReverted = alreadyReverted
    }
}

extension String {
    /// The text without NUL characters. GRDB binds a text only up to the first NUL, and two ids that differ after it
    /// must stay different.
    var withoutNUL: String {
        guard utf8.contains(0) else { return self }
        return String(UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    /// The id without `~`, which marks the rows of conflicts: no id of CloudTrail's holds it, and one of a forged message would
    /// sit in the place of a conflict.
    fileprivate var withoutMark: String { utf8.contains(0x7E) ? replacing("~", with: "-") : self }

    /// The text without NUL, cut at 4 KiB: nothing that AWS itself writes is longer.
    var bounded: String { bounded(to: 4096) }

    /// The text without NUL, cut at this number of bytes, at the boundary of a character.
    func bounded(to limit: Int) -> String {
        let text = withoutNUL
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }
}

extension EventFacts {
    /// The facts for a short row of an ignored or unreadable event: no user agent, and each text cut at 200 bytes.
    package var shortened: EventFacts {
        func cut(_ text: String?) -> String? { text?.bounded(to: 200) }
        return EventFacts(
            eventID: eventID,
            digest: digest,
            originalEventID: originalEventID,
            eventName: eventName.bounded(to: 200),
            account: cut(account),
            region: cut(region),
            groupID: cut(groupID),
            actorARN: cut(actorARN),
            issuerARN: cut(issuerARN),
            actorType: cut(actorType),
            actorID: cut(actorID),
            invokedBy: cut(invokedBy),
            sourceIP: cut(sourceIP),
            eventTime: eventTime,
            requestID: cut(requestID)
        )
    }
}
