import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups
import Worker

/// Explains what a policy decides about an event, from the record alone.
struct Explainer {
    let policy: Policy
    /// The facts about the group that the record does not have: VPC, name and tags.
    var group = GroupFacts(groupID: nil, account: nil, region: nil)
    /// The entries of prefix lists, as far as they are known.
    var prefixLists = PrefixLists.unknown
    /// Reads the contents of a rule that the ledger saw before a time; nil if no ledger is asked.
    var known: ((_ group: String, _ rule: String, Date?) throws -> [AuditKnownContent])?

    /// Explains a message; nil if it holds no event.
    ///
    /// - Throws: The error of `known`.
    func explain(_ message: DecodedMessage) throws -> Explanation? {
        switch message {
        case .unreadable(let unreadable):
            unreadable.event.map {
                deadLetter($0.eventID, reason: unreadable.reason.rawValue, detail: unreadable.detail)
            }
        case .ignored(let event, let reason):
            Explanation(eventID: event.eventID, groupID: event.groupID, verdict: .ignore, reason: reason.rawValue)
        case .change(let event, let change):
            try explain(event, change)
        }
    }

    private func explain(_ event: CloudTrailEvent, _ change: SecurityGroupChange) throws -> Explanation {
        if let problem = impossibleName(in: event, change) {
            return deadLetter(event.eventID, groupID: change.groupID, reason: "impossible", detail: problem)
        }
        let context = context(of: event, change)
        let trace = policy.traceWatch(context)
        let answer = policy.watch(context)
        if answer != .notWatched, let problem = change.problem {
            return deadLetter(event.eventID, groupID: change.groupID, reason: "undecodable", detail: problem)
        }
        switch answer {
        case .notWatched:
            return Explanation(
                eventID: event.eventID,
                groupID: change.groupID,
                verdict: .ignore,
                reason: IgnoreReason.notWatched.rawValue,
                trace: trace
            )
        case .undetermined(let needs):
            let reason = "the policy needs \(needs.map(\.request).sorted().joined(separator: ", "))"
            return Explanation(
                eventID: event.eventID,
                groupID: change.groupID,
                verdict: .undetermined,
                reason: reason,
                rules: change.rules.map { Explanation.Rule(changed: $0, decision: nil, reason: reason, trace: []) },
                trace: trace
            )
        case .watched(let watch):
            return try judged(event, change, context, under: watch, trace: trace)
        }
    }

    private func judged(
        _ event: CloudTrailEvent,
        _ change: SecurityGroupChange,
        _ context: ChangeContext,
        under watch: Watch,
        trace: [TraceStep]
    ) throws -> Explanation {
        let rules = try change.rules.map { try withPast(explain($0, context, under: watch), context) }
        let deciding = rules.first { $0.decision == .revert } ?? rules.first { $0.decision == nil } ?? rules.first
        let isUnread = change.unread != nil && deciding?.decision != .revert
        let verdict: Explanation.Verdict =
            switch deciding?.decision {
            case .revert: watch.action == .report ? .report : .revert
            case .allow, .exempt: isUnread ? .undetermined : .allow
            case nil: .undetermined
            }
        return Explanation(
            eventID: event.eventID,
            groupID: change.groupID,
            verdict: verdict,
            reason: isUnread ? change.unread : deciding?.reason,
            rules: rules,
            trace: trace
        )
    }

    /// Adds the contents of a rule that the ledger saw. A modification that leaves an approved content unchanged is allowed.
    private func withPast(_ rule: Explanation.Rule, _ context: ChangeContext) throws -> Explanation.Rule {
        guard let known, let id = rule.changed.id, let groupID = context.group.groupID else { return rule }
        let contents = try known(groupID, id, context.eventTime)
        var rule = rule
        rule.known = contents
        if context.kind == .ruleModified, rule.decision == .revert, rule.changed.isUnchanged(from: contents.first) {
            let approval = contents.first?[.approvedBy].text ?? ""
            rule.decision = .allow
            rule.reason = "it says what it said before, which was approved by \(approval)"
        }
        return rule
    }

    private func explain(_ rule: ChangedRule, _ context: ChangeContext, under watch: Watch) -> Explanation.Rule {
        let directions = rule.direction.map { [$0] } ?? Direction.allCases
        let contents = rule.traffic.map { traffic in
            directions.map { SecurityGroupRule(direction: $0, traffic: traffic) }
        }
        let unknownLists = policy.prefixLists(neededFor: contents ?? []).filter { prefixLists[$0] == nil }
        if let list = unknownLists.min() {
            let reason = "the policy needs the entries of \(list) (--live)"
            return Explanation.Rule(changed: rule, decision: nil, reason: reason, trace: [])
        }
        let decision = policy.decide(rule, context, under: watch)
        let missing =
            rule.traffic == nil
            ? "the record does not tell what the rule says" : "the record does not tell the direction"
        return Explanation.Rule(
            changed: rule,
            decision: decision?.decision,
            reason: decision?.reason ?? missing,
            trace: contents?.flatMap { policy.trace($0, context) } ?? []
        )
    }

    private func context(of event: CloudTrailEvent, _ change: SecurityGroupChange) -> ChangeContext {
        var facts = group
        facts.groupID = change.groupID
        facts.account = event.account ?? group.account
        facts.region = event.region
        return ChangeContext(
            group: facts,
            kind: change.kind,
            issuerARN: event.actor.issuerARN,
            invokedBy: event.actor.invokedBy,
            sourceIdentity: event.actor.sourceIdentity,
            eventTime: event.eventTime,
            prefixLists: prefixLists
        )
    }

    private func deadLetter(
        _ eventID: String,
        groupID: String? = nil,
        reason: String,
        detail: String
    ) -> Explanation {
        Explanation(eventID: eventID, groupID: groupID, verdict: .deadLetter, reason: reason, detail: detail)
    }
}

extension SecurityGroupChange {
    /// The reason why the worker could not compare a watched change with what EC2 shows; nil if it could.
    fileprivate var problem: String? {
        if groupID == nil { return "the record names no group" }
        // A removed rule is no longer in the group, so it cannot be looked up there.
        return kind.isRemoval && mayHaveMoreRules ? unread : nil
    }
}

extension GroupFact {
    /// The flag that gives the fact.
    fileprivate var request: String {
        switch self {
        case .vpc: "the group's VPC (--vpc or --live)"
        case .name: "the group's name (--name or --live)"
        case .tags: "the group's tags (--tag or --live)"
        case .group: "the group's id, which the record does not tell"
        case .account: "the account, which the record does not tell"
        case .region: "the Region, which the record does not tell"
        }
    }
}
