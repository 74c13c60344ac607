/// What follows for one rule from what EC2 shows.
package enum RuleVerdict: Hashable, Sendable {
    /// Nothing yet: what EC2 shows may change without us.
    case lookAgain
    /// The rule stands and is to be judged.
    case judge(LiveRule, RecordMatch)
    /// The rule does not stand, and it is to be judged whether it is put back.
    case judgeRemoved
    /// What was tried has its effect; a rule that was put back has this id.
    case proven(SecurityGroupRuleID?)
    /// An earlier run of the event did it.
    case doneEarlier(SecurityGroupRuleID?)
    /// It came out so without us.
    case settle(RuleOutcome)
    /// It failed.
    case fail(UnprovenRule)
}

/// What the reconcilers need to know of time and of earlier runs.
package struct RuleMoment: Hashable, Sendable {
    /// True while what EC2 shows may be older than the event.
    package var isEarly: Bool
    /// True once EC2 has had the time to show what was tried.
    package var isOverdue: Bool
    /// True where an earlier run of the event may have done it.
    package var isOurDoing: Bool

    /// A moment.
    package init(isEarly: Bool = false, isOverdue: Bool = false, isOurDoing: Bool = false) {
        self.isEarly = isEarly
        self.isOverdue = isOverdue
        self.isOurDoing = isOurDoing
    }
}

/// Holds a rule that should not stand against what EC2 shows.
///
/// - Parameters:
///   - kind: The kind of change. A modified rule may still show what it said before; an added one never said anything else.
///   - attempt: What was tried so far.
///   - match: How a rule that stands as the record says compares with the record.
package func reconcileUnwanted(
    _ standing: Standing,
    _ kind: ChangeKind,
    attempt: RevertAttempt?,
    match: RecordMatch,
    at moment: RuleMoment
) -> RuleVerdict {
    switch standing {
    case .missing:
        if case .revoke? = attempt?.step, attempt?.answer != .unknown { return .proven(nil) }
        if moment.isOurDoing { return .doneEarlier(nil) }
        return moment.isEarly ? .lookAgain : .settle(.alreadyGone)
    case .elsewhere:
        return .settle(.changedSince)
    case .stands(let live), .changed(let live):
        if case .restore(_, to: let target)? = attempt?.step, live.rule == target.content.rule { return .proven(nil) }
        if let attempt, attempt.answer != .lost, moment.isOverdue {
            return .fail(attempt.answer == .unknown ? .shownButUnknown(live) : .stillStands(live))
        }
        if attempt?.answer == .accepted { return .lookAgain }
        if case .stands = standing { return .judge(live, match) }
        return kind == .ruleModified && moment.isEarly ? .lookAgain : .judge(live, .other)
    }
}

/// Holds a rule that should stand again against what EC2 shows.
///
/// - Parameters:
///   - rule: What the rule said; nil where nobody knows.
///   - found: The rule of the group that says so now.
package func reconcileWanted(
    _ rule: SecurityGroupRule?,
    found: SecurityGroupRuleID?,
    attempt: RevertAttempt?,
    at moment: RuleMoment
) -> RuleVerdict {
    if moment.isEarly { return .lookAgain }
    if let found {
        if attempt.map({ $0.answer != .unknown }) ?? false { return .proven(found) }
        return moment.isOurDoing ? .doneEarlier(found) : .settle(.changedSince)
    }
    guard let attempt, let rule else { return .judgeRemoved }
    guard attempt.answer != .lost else { return .judgeRemoved }
    if moment.isOverdue { return .fail(.notPutBack(rule)) }
    return attempt.answer == .accepted ? .lookAgain : .judgeRemoved
}
