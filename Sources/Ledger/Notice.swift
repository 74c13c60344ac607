package import SecurityGroups

/// A notification that is to be sent: one for each outcome that an event comes to, at least once.
package struct Notice: Hashable, Sendable {
    /// The same each time that the notice is sent, so that a reader can drop the second: `event_id:outcome`.
    package var id: String { "\(eventID):\(outcome.rawValue)" }
    /// The event.
    package let eventID: String
    /// The outcome to tell of. The event may have another by now.
    package let outcome: EventOutcome
    /// The account that received the event.
    package let account: String?
    /// The Region of the event.
    package let region: String?
    /// The group that was changed.
    package let groupID: String?
    /// What to send: a JSON object of the columns of `audit_events` as they were when the outcome was recorded, and its
    /// `rules`, each with the columns of `audit_rules`.
    package let payload: String
    /// Which attempt to send it this is, from 1.
    package let attempt: Int

    /// A notice with these values; the ledger makes the ones that count.
    package init(
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
