package import SecurityGroups

/// A notification that is sent at least once: one for each outcome of an event, or one about something else, such as an
/// outage.
package struct Notice: Hashable, Sendable, Codable {
    /// The id, the same each time that the notice is sent, so that a reader can drop a repetition. For an event
    /// `event_id:outcome`.
    package let id: String
    /// The raw value of an outcome, or the kind of something else, such as `outage`.
    package let kind: String
    /// The event; nil for a notice of something else.
    package let eventID: String?
    /// The outcome that the notice tells; nil if it is not about an event. The event may have another outcome by now.
    package var outcome: EventOutcome? { eventID == nil ? nil : EventOutcome(rawValue: kind) }
    /// The account that received the event.
    package let account: String?
    /// The Region of the event.
    package let region: String?
    /// The group that was changed.
    package let groupID: String?
    /// The content, oldest first, as JSON objects. For an event: the columns of `audit_events` at the time of the
    /// outcome, and its `rules` with the columns of `audit_rules`. Several if notices of one group and outcome are
    /// summed up, at most 20, so that `count` may be larger.
    package let payloads: [String]
    /// The number of notices that this one sums up, itself included.
    package let count: Int
    /// The number of this attempt to send it, from 1.
    package internal(set) var attempt: Int

    /// The first payload.
    package var payload: String { payloads.first ?? "{}" }

    /// Creates a notice. Only notices that the ledger made can be marked as sent.
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
