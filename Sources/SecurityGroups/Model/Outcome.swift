/// What became of an event. The raw values are the public ones of the ledger's views.
package enum EventOutcome: String, Hashable, Sendable, CaseIterable {
    /// At least one rule was revoked, none failed.
    case reverted
    /// Nothing was left to revert.
    case unchanged
    /// Every rule is allowed or exempt.
    case allowed
    /// Dry run: at least one rule would have been reverted.
    case reported
    /// A limit of reverts was reached: the revert waits, and will be made.
    case suppressed
    /// What the policy forbids to remove or change was removed or changed, and is not known well enough to bring it back.
    case notRestored = "not-restored"
    /// The message contradicts what the ledger knows; what stands was judged by the policy.
    case conflict
    /// Not for us.
    case ignored
    /// The last attempt failed and will be retried.
    case failed
    /// Given up: the message is in the dead-letter queue.
    case deadLettered = "dead-lettered"

    /// True if no further run of the same event is expected: what failed or waits for a limit runs again.
    package var isFinal: Bool {
        self != .failed && self != .suppressed
    }
}

/// Why an event is not for us: the first of these that holds.
package enum IgnoreReason: String, Hashable, Sendable {
    /// Another kind of event.
    case notARuleChange = "not-a-rule-change"
    /// The call had no effect.
    case callFailed = "call-failed"
    /// We made the call ourselves.
    case ownChange = "own-change"
    /// No policy for this group and this kind of change.
    case notWatched = "not-watched"
}

/// What the policy says of a rule.
package enum RuleDecision: String, Hashable, Sendable {
    /// It must not stand.
    case revert
    /// It may stand.
    case allow
    /// Whoever made it may do so.
    case exempt
}

/// What became of a rule.
package enum RuleOutcome: String, Hashable, Sendable {
    /// Revoked, and seen to be gone.
    case reverted
    /// No longer there when we looked.
    case alreadyGone = "already-gone"
    /// There, but no longer what the event added.
    case changedSince = "changed-since"
    /// Left alone by policy.
    case allowed
    /// Left alone because of who made it.
    case exempt
    /// Dry run: would have been reverted.
    case reported
    /// Over a limit of reverts: left for now, and reverted when the limit has room.
    case suppressed
    /// Removed, and not known well enough to be put back.
    case notRestored = "not-restored"
    /// Could not be reverted.
    case failed
}

extension EventOutcome {
    /// The outcome of an event whose rules came out as `rules`, an event without rules being `unchanged`.
    package init(of rules: some Collection<RuleOutcome>) {
        if rules.contains(.failed) {
            self = .failed
        } else if rules.contains(.reverted) {
            self = .reverted
        } else if rules.contains(.reported) {
            self = .reported
        } else if rules.contains(.suppressed) {
            self = .suppressed
        } else if rules.contains(.notRestored) {
            self = .notRestored
        } else if !rules.isEmpty, rules.allSatisfy({ $0 == .allowed || $0 == .exempt }) {
            self = .allowed
        } else {
            self = .unchanged
        }
    }
}
