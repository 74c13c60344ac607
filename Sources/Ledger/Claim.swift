package import Foundation
package import SecurityGroups

/// What the ledger keeps of a CloudTrail record, as the record has it: text of others, trusted in nothing.
///
/// Each text is cut at 4 KiB and freed of NUL, at which SQLite would end it.
package struct EventFacts: Hashable, Sendable {
    /// CloudTrail's `eventID`, under which the ledger knows the event. A duplicate delivers the same one.
    package let eventID: String
    /// SHA-256 of the record's `detail`, lower-case hexadecimal; empty where it is not known. The same id with another
    /// digest is another event.
    package let digest: String
    /// Of an `UPDATED_DATA` addendum the event that it completes.
    package let originalEventID: String?
    /// The name of the API action.
    package let eventName: String
    /// The account that received the event.
    package let account: String?
    /// The Region of the call.
    package let region: String?
    /// The group that was changed, by id.
    package let groupID: String?
    /// The ARN of whoever called; of a role, that of its session.
    package let actorARN: String?
    /// The ARN that stands behind the session, on which exemptions rest.
    package let issuerARN: String?
    /// CloudTrail's `userIdentity.type`: `IAMUser`, `AssumedRole`, `AWSService`.
    package let actorType: String?
    /// The caller's principal id or user id, which a caller without an ARN has too.
    package let actorID: String?
    /// The AWS service that made the call for somebody.
    package let invokedBy: String?
    /// Where the call came from: an address, or the name of an AWS service.
    package let sourceIP: String?
    /// The user agent that the caller claimed.
    package let userAgent: String?
    /// When the call was made; the record may lack it.
    package let eventTime: Date?
    /// EC2's id of the call.
    package let requestID: String?

    /// The facts of one record.
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
        self.eventID = eventID.bounded
        self.digest = digest.bounded
        self.originalEventID = originalEventID?.bounded
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
        self.userAgent = userAgent?.bounded
        self.eventTime = eventTime
        self.requestID = requestID?.bounded
    }
}

/// One SQS message that brought an event.
package struct Delivery: Hashable, Sendable {
    /// SQS's id of the message, the same each time that the message is received.
    package let messageID: String
    /// The message's `SgRevertReplayCount`; 0 for a message that nobody replayed.
    package let replayCount: Int
    /// When this worker received it.
    package let receivedAt: Date

    /// A delivery by the message `messageID`.
    package init(messageID: String, replayCount: Int = 0, receivedAt: Date) {
        self.messageID = messageID.bounded
        self.replayCount = replayCount
        self.receivedAt = receivedAt
    }
}

/// What to do with a delivery.
package enum ClaimResult: Hashable, Sendable {
    /// Run the event: it is the caller's until the lease ends.
    case run(Claim)
    /// A live claim has it: neither run nor delete, but postpone the message until about then.
    case held(until: Date)
    /// It is done, with this outcome: delete the message.
    case duplicate(EventOutcome)
}

/// The right to run one event once.
package struct Claim: Hashable, Sendable {
    /// The event under the id that the ledger gives it: CloudTrail's, and for a conflict `~` and 12 digits of its digest.
    package let eventID: String
    /// True for a record whose event id the ledger knows with other content. It runs by itself, and people are told.
    package let isConflict: Bool
    /// The number of the claim, growing with each claim of the event. What a claim with an older number writes is
    /// refused, so that a worker that was paused and wakes up late cannot overwrite its successor.
    package let fence: Int64
    /// Which run of the event this is, from 1.
    package let attempt: Int
    /// The rules that earlier runs tried to revoke; nil before the first try. For a record without rule ids a later run touches
    /// no others.
    package let matchedRuleIDs: [String]?
    /// The ids of the rules that were kept with this claim as what its run is about to revert.
    package var kept: [String] = []
    /// False where the ledger has never seen one of these rules.
    package var knowsRules = false
    /// Whether the run before this one never ended: its worker died, or lost its lease.
    package let isTakeover: Bool
    /// What earlier runs reverted before they failed. A later run finds these rules gone; reporting them as they are
    /// here keeps their undo commands, and `reverted` as the outcome of an event whose rules needed two runs.
    package let alreadyReverted: [RuleResult]

    /// A claim with these values; the ledger makes the ones that count.
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
    /// The text as the ledger stores it: GRDB binds up to the first NUL, and two ids that differ after one must stay
    /// two.
    var withoutNUL: String {
        guard utf8.contains(0) else { return self }
        return String(UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    /// The text without NUL, cut at 4 KiB: nothing that AWS itself writes is longer.
    var bounded: String { bounded(to: 4096) }

    /// The text without NUL, cut at so many bytes on the boundary of a character.
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
    /// The facts for a short row: without a user agent, each text cut at 200 bytes. For what is ignored or cannot be read.
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
