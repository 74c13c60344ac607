public import Foundation
public import SecurityGroups

/// Which events to read: those for which everything that is given holds.
public struct EventFilter: Hashable, Sendable {
    /// CloudTrail's id of the event.
    public var eventID: String?
    /// The id of the group that was changed.
    public var group: String?
    /// The account that received the event.
    public var account: String?
    /// The Region of the call.
    public var region: String?
    /// The whole ARN of whoever called, or of the role behind the session.
    public var actor: String?
    /// What became of the event.
    public var outcome: EventOutcome?
    /// The earliest event time; events without a time are left out.
    public var since: Date?
    /// The end of the event times, itself left out, so that adjoining spans share no event; events without a time are
    /// left out.
    public var until: Date?

    /// A filter that lets through whatever the given values allow.
    public init(
        eventID: String? = nil,
        group: String? = nil,
        account: String? = nil,
        region: String? = nil,
        actor: String? = nil,
        outcome: EventOutcome? = nil,
        since: Date? = nil,
        until: Date? = nil
    ) {
        self.eventID = eventID
        self.group = group
        self.account = account
        self.region = region
        self.actor = actor
        self.outcome = outcome
        self.since = since
        self.until = until
    }
}
