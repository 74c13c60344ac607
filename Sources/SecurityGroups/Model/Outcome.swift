/// The outcome of an event. The raw values are those of the ledger's views.
package enum EventOutcome: String, Hashable, Sendable, CaseIterable {
    /// At least one rule was revoked or restored, and none failed.
    case reverted
    /// Nothing was left to revert.
    case unchanged
    /// Every rule is allowed or exempt.
    case allowed
    /// Dry run: at least one rule would have been reverted.
    case reported
    /// A limit of reverts was reached. The revert waits and will be made.
    case suppressed
    /// A forbidden removal or change whose earlier content is not known well enough to bring it back.
    case notRestored = "not-restored"
    /// The message contradicts what the ledger knows. The rules that stand were judged by the policy.
    case conflict
    /// The event is not for this worker.
    case ignored
    /// The last attempt failed and will be repeated.
    case failed
    /// Given up. The message is in the dead-letter queue.
    case deadLettered = "dead-lettered"

    /// True if no further run of the event is expected. A failed or suppressed event runs again.
    package var isFinal: Bool {
        self != .failed && self != .suppressed
    }
}

/// The reason why an event is ignored: the first of these that holds.
package enum IgnoreReason: String, Hashable, Sendable {
    /// The event is not a call that changes rules.
    case notARuleChange = "not-a-rule-change"
    /// The call failed and had no effect.
    case callFailed = "call-failed"
    /// The worker itself made the call.
    case ownChange = "own-change"
    /// No watch entry covers this group and this kind of change.
    case notWatched = "not-watched"
}

/// The policy's decision about a rule.
package enum RuleDecision: String, Hashable, Sendable {
    /// It must not stand.
    case revert
    /// It may stand.
    case allow
    /// The caller who made it is exempt.
    case exempt
}

/// The outcome of one rule.
package enum RuleOutcome: String, Hashable, Sendable, CaseIterable {
    /// Revoked, and EC2 no longer shows it.
    case reverted
    /// No longer there when the worker looked.
    case alreadyGone = "already-gone"
    /// There, but not with the content that the event added.
    case changedSince = "changed-since"
    /// Left alone because the policy allows it.
    case allowed
    /// Left alone because the caller is exempt.
    case exempt
    /// Dry run: it would have been reverted.
    case reported
    /// Over a limit of reverts. It is reverted when the limit has room.
    case suppressed
    /// Removed, and not known well enough to be put back.
    case notRestored = "not-restored"
    /// Could not be reverted.
    case failed
}

extension EventOutcome {
    /// Derives the outcome of an event from the outcomes of its rules. An event without rules is `unchanged`.
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
