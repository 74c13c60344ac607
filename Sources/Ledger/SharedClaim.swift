package import SecurityGroups

/// This host's hold on an event in the table that the hosts of a fleet share. The table gives it; the ledger keeps it.
package struct SharedClaim: Hashable, Sendable {
    /// The event's id in the table.
    package let key: String
    /// The number of the hold. It rises with each hold on the event, and what an older number writes is refused.
    package let fence: Int
    /// Names this hold alone, so that a write that is sent twice is known as one.
    package let token: String
    /// The highest `SgRevertReplayCount` that is done when the run ends.
    package let replayCount: Int
    /// The rules that runs on any host tried to revert before this one; nil where none did.
    package let matchedRuleIDs: [String]?
    /// True where the run before this one never ended.
    package let isTakeover: Bool
    /// True where the table knows the event id with another digest.
    package let isConflict: Bool
    /// The outcomes of the event of which a host has told people.
    package let told: Set<EventOutcome>

    /// A hold with these values; the table makes the ones that count.
    package init(
        key: String,
        fence: Int,
        token: String,
        replayCount: Int = 0,
        matchedRuleIDs: [String]? = nil,
        isTakeover: Bool = false,
        isConflict: Bool = false,
        told: Set<EventOutcome> = []
    ) {
        self.key = key
        self.fence = fence
        self.token = token
        self.replayCount = replayCount
        self.matchedRuleIDs = matchedRuleIDs
        self.isTakeover = isTakeover
        self.isConflict = isConflict
        self.told = told
    }

    /// The hold as text. A notice that waits for the table carries it, to ask the table about this hold.
    var text: String { "\(fence) \(token) \(replayCount) \(key)" }

    /// Reads `text`.
    init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let fence = Int(parts[0]), let replayCount = Int(parts[2]) else { return nil }
        self.init(key: String(parts[3]), fence: fence, token: String(parts[1]), replayCount: replayCount)
    }
}

/// A notice that is sent once the shared table has taken the run as ended, and this host as who ended it.
package struct HeldNotice: Hashable, Sendable {
    /// The event under its id in the ledger.
    package let eventID: String
    /// The outcome of the event that it tells people.
    package let outcome: EventOutcome
    /// The hold under which the event was run.
    package let shared: SharedClaim
}
