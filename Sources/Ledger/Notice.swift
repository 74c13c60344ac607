package import SecurityGroups

/// A notification that is to be sent, at least once: one for each outcome that an event comes to, or of something that
/// is no event, such as an outage.
package struct Notice: Hashable, Sendable {
    /// The same each time that the notice is sent, so that a reader can drop the second. Of an event `event_id:outcome`.
    package let id: String
    /// An outcome in its raw value, or what else there is to tell, such as `outage`.
    package let kind: String
    /// The event; nil for a notice of something else.
    package let eventID: String?
    /// The outcome to tell of; nil for a notice of something else. The event may have another by now.
    package var outcome: EventOutcome? { eventID == nil ? nil : EventOutcome(rawValue: kind) }
    /// The account that received the event.
    package let account: String?
    /// The Region of the event.
    package let region: String?
    /// The group that was changed.
    package let groupID: String?
    /// What to send, oldest first: JSON objects. Of an event the columns of `audit_events` as they were when the outcome
    /// was recorded, and its `rules`, each with the columns of `audit_rules`. Several where notices of one group and
    /// outcome are summed up; at most 20 then, so that `count` may be higher.
    package let payloads: [String]
    /// How many notices this one sums up, itself included.
    package let count: Int
    /// Which attempt to send it this is, from 1.
    package let attempt: Int

    /// The first payload.
    package var payload: String { payloads.first ?? "{}" }

    /// A notice with these values; the ledger makes the ones that count.
    package init(
        id: String,
        kind: String,
        eventID: String? = nil,
        account: String? = nil,
        region: String? = nil,
        groupID: String? = nil,
        payloads: [String],
        count: Int = 1,
        attempt: Int = 1
    ) {
        self.id = id
        self.kind = kind
        self.eventID = eventID
        self.account = account
        self.region = region
        self.groupID = groupID
        self.payloads = payloads
        self.count = count
        self.attempt = attempt
    }
}
