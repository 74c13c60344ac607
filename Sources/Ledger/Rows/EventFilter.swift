package import Foundation
package import SecurityGroups

/// Which events to read: those for which everything that is given holds.
package struct EventFilter: Hashable, Sendable {
    /// CloudTrail's id of the event.
    package var eventID: String?
    /// The id of the group that was changed.
    package var group: String?
    /// The account that received the event.
    package var account: String?
    /// The Region of the call.
    package var region: String?
    /// The whole ARN of whoever called, or of the role behind the session.
    package var actor: String?
    /// What became of the event.
    package var outcome: EventOutcome?
    /// The earliest event time; events without a time are left out.
    package var since: Date?
    /// The end of the event times, itself left out, so that adjoining spans share no event; events without a time are
    /// left out.
    package var until: Date?

    /// A filter that lets through whatever the given values allow.
    package init(
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

extension EventFilter {
    /// True where something is asked for that no index finds, so that events are looked through.
    var isSearch: Bool {
        eventID == nil && (account != nil || region != nil || actor != nil || outcome != nil)
    }
}
