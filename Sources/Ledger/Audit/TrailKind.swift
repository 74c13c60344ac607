/// The kinds of entries of the trail.
package enum TrailKind: String, CaseIterable, Hashable, Sendable {
    /// A run of an event began.
    case claimed
    /// A run ended and judged or changed something.
    case finished
    /// A run failed, or was suppressed, and changed nothing.
    case failed
    /// The event was ignored.
    case ignored
    /// The message went to the dead-letter queue. The entry has no event if the message named none.
    case deadLettered = "dead-lettered"
    /// People were told.
    case notified
    /// A person approved standing rules, or took their approval back.
    case baseline
    /// A temporary exemption began or ended.
    case exemption
    /// A prune restated an event that it kept.
    case carried
    /// A prune dropped the beginning of the trail.
    case pruned
    /// Something else that is worth a record.
    case note

    /// True if a prune may empty the entry after a day, because nothing was judged or changed.
    var isShortLived: Bool {
        switch self {
        case .claimed, .failed, .ignored, .deadLettered, .notified: true
        case .finished, .baseline, .exemption, .carried, .pruned, .note: false
        }
    }

    /// True if the entry is about an event's row.
    var tellsOfEvent: Bool {
        switch self {
        case .claimed, .finished, .failed, .ignored, .deadLettered, .notified, .carried: true
        case .baseline, .exemption, .pruned, .note: false
        }
    }

    /// True if the entry ends a run.
    var endsRun: Bool {
        switch self {
        case .finished, .failed, .ignored, .deadLettered: true
        case .claimed, .notified, .baseline, .exemption, .carried, .pruned, .note: false
        }
    }
}
