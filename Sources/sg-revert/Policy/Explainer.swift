import CloudTrailEvents
import SecurityGroups

/// Says what a policy decides about an event, from the record alone.
struct Explainer {
    let policy: Policy
    /// The VPC of the groups, where it is known.
    let vpcID: String?
    /// The tags of the groups, where they are known.
    let tags: [String: String]?

    /// What is decided; nil for a message without any event.
    func explain(_ message: DecodedMessage) -> Explanation? {
        switch message {
        case .unreadable(let unreadable):
            unreadable.event.map {
                Explanation(eventID: $0.eventID, verdict: .undetermined, reason: "\(unreadable)")
            }
        case .ignored(let event, let reason):
            Explanation(eventID: event.eventID, verdict: .ignore, reason: reason.rawValue)
        case .change(let event, let change):
            explain(event, change)
        }
    }

    private func explain(_ event: CloudTrailEvent, _ change: SecurityGroupChange) -> Explanation {
        let context = ChangeContext(
            group: GroupFacts(
                groupID: change.groupID,
                account: event.account,
                region: event.region,
                vpcID: vpcID,
                tags: tags
            ),
            kind: change.kind,
            issuerARN: event.actor.issuerARN,
            eventTime: event.eventTime
        )
        let trace = policy.traceWatch(context)
        switch policy.watch(context) {
        case .notWatched:
            let reason = IgnoreReason.notWatched.rawValue
            return Explanation(eventID: event.eventID, verdict: .ignore, reason: reason, trace: trace)
        case .undetermined(let needs):
            let reason = "the policy needs \(needs.map(\.request).sorted().joined(separator: ", "))"
            let rules = change.rules.map { Explanation.Rule(changed: $0, decision: nil, reason: reason, trace: []) }
            return Explanation(
                eventID: event.eventID,
                groupID: change.groupID,
                verdict: .undetermined,
                reason: reason,
                rules: rules,
                trace: trace
            )
        case .watched(let watch):
            let rules = change.rules.map { explain($0, context, under: watch) }
            let deciding =
                rules.first { $0.decision == .revert } ?? rules.first { $0.decision == nil } ?? rules.first
            let isUnread = change.unread != nil && deciding?.decision != .revert
            let verdict: Explanation.Verdict =
                switch deciding?.decision {
                case .revert: .revert
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
    }

    private func explain(_ rule: ChangedRule, _ context: ChangeContext, under watch: Watch) -> Explanation.Rule {
        let decision = policy.decide(rule, context, under: watch)
        let missing =
            rule.traffic == nil
            ? "the record does not tell what the rule says" : "the record does not tell the direction"
        let directions = rule.direction.map { [$0] } ?? Direction.allCases
        return Explanation.Rule(
            changed: rule,
            decision: decision?.decision,
            reason: decision?.reason ?? missing,
            trace: rule.traffic.map { traffic in
                directions.flatMap { policy.trace(SecurityGroupRule(direction: $0, traffic: traffic), context) }
            } ?? []
        )
    }
}

extension GroupFact {
    /// How to give the fact.
    fileprivate var request: String {
        switch self {
        case .vpc: "the group's VPC (--vpc or --live)"
        case .tags: "the group's tags (--tag or --live)"
        case .group: "the group's id, which the record does not tell"
        case .account: "the account, which the record does not tell"
        case .region: "the Region, which the record does not tell"
        }
    }
}
