public import SecurityGroups

/// A notification that is to be sent: one for each outcome that an event comes to, at least once.
public struct Notice: Hashable, Sendable {
    /// The same each time that the notice is sent, so that a reader can drop the second: `event_id:outcome`.
    public var id: String { "\(eventID):\(outcome.rawValue)" }
    /// The event.
    public let eventID: String
    /// The outcome to tell of. The event may have another by now.
    public let outcome: EventOutcome
    /// The account that received the event.
    public let account: String?
    /// The Region of the event.
    public let region: String?
    /// The group that was changed.
    public let groupID: String?
    /// What to send: a JSON object of the columns of `audit_events` as they were when the outcome was recorded, and its
    /// `rules`, each with the columns of `audit_rules`.
    public let payload: String
    /// Which attempt to send it this is, from 1.
    public let attempt: Int

    /// A notice with these values; the ledger makes the ones that count.
    public init(
        eventID: String,
        outcome: EventOutcome,
        account: String?,
        region: String?,
        groupID: String?,
        payload: String,
        attempt: Int
    ) {
        self.eventID = eventID
        self.outcome = outcome
        self.account = account
        self.region = region
        self.groupID = groupID
        self.payload = payload
        self.attempt = attempt
    }
}
