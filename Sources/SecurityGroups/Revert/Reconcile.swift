/// The conclusion about one rule from what EC2 shows.
package enum RuleVerdict: Hashable, Sendable {
    /// Look again later: EC2 may still show another state by itself.
    case lookAgain
    /// The rule stands and is to be judged.
    case judge(LiveRule, RecordMatch)
    /// The rule does not stand. It is to be judged whether to put it back.
    case judgeRemoved
    /// The attempt had its effect. A rule that was put back has this id.
    case proven(SecurityGroupRuleID?)
    /// An earlier run of the event did it.
    case doneEarlier(SecurityGroupRuleID?)
    /// The rule is settled without a call.
    case settle(RuleOutcome)
    /// The attempt failed.
    case fail(UnprovenRule)
}

/// Facts about time and earlier runs that the reconcilers need.
package struct RuleMoment: Hashable, Sendable {
    /// True while EC2 may still show the state from before the event.
    package var isEarly: Bool
    /// True once EC2 has had the settle time to show the effect of the attempt.
    package var isOverdue: Bool
    /// True if an earlier run of the event may have done it.
    package var isOurDoing: Bool

    /// Creates a moment.
    package init(isEarly: Bool = false, isOverdue: Bool = false, isOurDoing: Bool = false) {
        self.isEarly = isEarly
        self.isOverdue = isOverdue
        self.isOurDoing = isOurDoing
    }
}

/// Compares a rule that should not stand with what EC2 shows.
///
/// - Parameters:
///   - kind: The kind of change. A modified rule may still show its earlier content; an added one has none.
///   - attempt: The last attempt to revert the rule.
///   - match: How the record compares with a rule that stands as recorded.
package func reconcileUnwanted(
    _ standing: Standing,
    _ kind: ChangeKind,
    attempt: RevertAttempt?,
    match: RecordMatch,
    at moment: RuleMoment
) -> RuleVerdict {
    switch standing {
    case .missing:
        if case .revoke? = attempt?.step, let answer = attempt?.answer, answer != .unknown {
            // EC2 may not show a rule yet that is some seconds old. If the response to the revoke was lost, a missing rule therefore
            // does not prove that the revoke had an effect.
            return answer == .lost && moment.isEarly ? .lookAgain : .proven(nil)
        }
        // An earlier run may have died, or lost its claim, before its call.
        if moment.isEarly { return .lookAgain }
        return moment.isOurDoing ? .doneEarlier(nil) : .settle(.alreadyGone)
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

/// Compares a rule that should stand again with what EC2 shows.
///
/// - Parameters:
///   - rule: The content of the rule; nil if it is not known.
///   - found: The id of the rule of the group that has this content now.
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
