import SecurityGroups

/// What became of one rule that was to be revoked.
enum Revocation: Hashable, Sendable {
    /// EC2 named it as revoked, or no longer shows it after the call.
    case revoked(requestID: String?)
    /// EC2 accepted the call and still shows the rule.
    case stands(requestID: String?)
    /// EC2 does not know the rule, so the call had no effect: it is gone, or EC2's parts do not yet agree.
    case notFound
}

/// What became of a rule that was to be put back or restored.
enum Amendment: Hashable, Sendable {
    /// EC2 shows it as it is to be; a rule that was put back has this id.
    case done(SecurityGroupRuleID, requestID: String?)
    /// EC2 accepted the call, and does not yet show it.
    case accepted(requestID: String?)
    /// Another rule of the group says the same.
    case duplicate
    /// EC2 does not know the rule or the group.
    case notFound

    /// EC2's id of the call, where one is known.
    var requestID: String? {
        switch self {
        case .done(_, let requestID), .accepted(let requestID): requestID
        case .duplicate, .notFound: nil
        }
    }
}

/// What EC2 shows of some rules, and its ids of the calls that showed it.
struct Look: Hashable, Sendable {
    var rules: [LiveRule]
    var requestIDs: [String]
}
