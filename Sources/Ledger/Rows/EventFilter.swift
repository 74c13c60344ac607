package import Foundation
package import SecurityGroups

/// Selects events: those that match every value that is given.
package struct EventFilter: Hashable, Sendable {
    /// CloudTrail's id of the event.
    package var eventID: String?
    /// The id of the group that was changed.
    package var group: String?
    /// The account that received the event.
    package var account: String?
    /// The Region of the call.
    package var region: String?
    /// The whole ARN of the caller, or of the role behind the session.
    package var actor: String?
    /// The outcome of the event.
    package var outcome: EventOutcome?
    /// The earliest event time. Events without a time do not match.
    package var since: Date?
    /// The end of the event times, not included, so that adjoining spans share no event. Events without a time do not
    /// match.
    package var until: Date?

    /// Creates a filter that matches what the given values allow.
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
    /// True if the filter asks for something that has no index, so that events must be searched.
    var isSearch: Bool {
        eventID == nil && (account != nil || region != nil || actor != nil || outcome != nil)
    }
}
