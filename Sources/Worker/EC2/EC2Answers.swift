import SecurityGroups

/// The result for one rule of a revoke.
enum Revocation: Hashable, Sendable {
    /// EC2 named it as revoked, or no longer shows it.
    case revoked(requestID: String?)
    /// EC2 accepted the call and still shows the rule.
    case stands(requestID: String?)
    /// EC2 does not know the rule, so the call had no effect: the rule is gone, or EC2 is not yet consistent.
    case notFound
    /// Nothing was sent, because the look was too old and the rule may have changed since. If `mayBeDone` is true, an earlier
    /// call may have revoked the rule, whose response was lost.
    case outdated(mayBeDone: Bool)

    /// True if nothing was sent.
    var isOutdated: Bool { if case .outdated = self { true } else { false } }
}

/// The result for a rule that was to be put back or restored.
enum Amendment: Hashable, Sendable {
    /// EC2 shows it as intended. A rule that was put back has this id.
    case done(SecurityGroupRuleID, requestID: String?)
    /// EC2 accepted the call, and does not yet show it.
    case accepted(requestID: String?)
    /// Another rule of the group has the content of the rule that was to be added.
    case duplicate
    /// EC2 does not know the rule or the group.
    case notFound
    /// Nothing was sent, because the look was too old.
    case outdated

    /// EC2's id of the call; nil if it is not known.
    var requestID: String? {
        switch self {
        case .done(_, let requestID), .accepted(let requestID): requestID
        case .duplicate, .notFound, .outdated: nil
        }
    }
}

/// The rules that EC2 shows, and the ids of the calls that showed them.
struct Look: Hashable, Sendable {
    var rules: [LiveRule]
    var requestIDs: [String]

    /// For so long a change may be based on a look. It is more than work waits for more work while EC2's bucket has tokens.
    static let lifetime = Duration.seconds(5)
}

/// A rule that is to be revoked because of what a look showed.
struct SeenRule: Hashable, Sendable {
    let rule: LiveRule
    /// The time of the look.
    let at: ContinuousClock.Instant
}
