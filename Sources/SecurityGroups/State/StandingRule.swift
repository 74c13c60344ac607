package import FoundationEssentials

/// A rule that stands without an approval, or whose approval has ended.
package struct StandingRule: Hashable, Sendable {
    /// The rule's id.
    package let id: SecurityGroupRuleID
    /// The group that the rule is in.
    package let groupID: SecurityGroupID
    /// The account that owns the group.
    package let account: String?
    /// The Region of the group.
    package let region: String
    /// The rule's content.
    package let content: RuleContent
    /// The time since which every look showed this content.
    package let since: Date
    /// The reason why it may stand; nil if there is none.
    package let approval: Approval?
    /// True if the rule had other content before, which was approved.
    package let isEdit: Bool

    /// Creates a standing rule.
    package init(
        id: SecurityGroupRuleID,
        groupID: SecurityGroupID,
        account: String?,
        region: String,
        content: RuleContent,
        since: Date,
        approval: Approval? = nil,
        isEdit: Bool = false
    ) {
        self.id = id
        self.groupID = groupID
        self.account = account
        self.region = region
        self.content = content
        self.since = since
        self.approval = approval
        self.isEdit = isEdit
    }
}

extension Policy {
    /// The exemption whose end closes the rule; nil if the rule may stay.
    ///
    /// A rule may stay while one of the exemptions that cover the call that made it holds, or has ended without
    /// `then: revert`. An exemption also covers a call that it approved before somebody set its end to an earlier time.
    package func endedExemption(of rule: StandingRule, at now: Date) -> Exemption? {
        guard let approval = rule.approval, approval.isExemption, let time = approval.eventTime else { return nil }
        let context = ChangeContext(
            group: GroupFacts(groupID: rule.groupID.description, account: rule.account, region: rule.region),
            kind: rule.isEdit ? .ruleModified : rule.content.rule.direction.added,
            issuerARN: approval.caller.issuerARN,
            invokedBy: approval.caller.invokedBy,
            sourceIdentity: approval.caller.sourceIdentity,
            eventTime: time
        )
        let covering = exempt.filter {
            $0.covers(context) || $0.isOver(at: now) && $0.hasLetIn(context, approval, at: time)
        }
        guard covering.allSatisfy({ $0.closes(at: now) }) else { return nil }
        return covering.max { ($0.until ?? now) < ($1.until ?? now) }
    }

    /// The sources of approvals that do not last: the ends of these exemptions close what was made under them. Such content replaces
    /// nothing that was approved before it.
    package var lending: Set<String> {
        Set(exempt.filter(\.isLending).map(\.approval))
    }

    /// The policy with those of its exemptions for which `isKept` holds.
    func keepingExemptions(where isKept: (Exemption) -> Bool) -> Self {
        var policy = self
        policy.exempt.removeAll { !isKept($0) }
        return policy
    }

    /// The policy with exemptions that are not in its file.
    package func adding(_ exemptions: [Exemption]) -> Self {
        guard !exemptions.isEmpty else { return self }
        var policy = self
        policy.exempt += exemptions
        return policy
    }
}

extension Exemption {
    /// True if its end closes what was made under it.
    package var isLending: Bool { then == .revert && until != nil }

    /// True if it has ended, and what was made under it is to be closed.
    package func closes(at now: Date) -> Bool { isLending && isOver(at: now) }

    /// True if it has ended.
    package func isOver(at now: Date) -> Bool { until.map { $0 <= now } ?? false }

    /// True if it approved the call, and somebody has since set its end to a time before the call.
    ///
    /// The name alone proves nothing: another entry of the policy may have had the same name, or the same line, when the call was
    /// made. So the caller and the group must match, too. If the caller is not known, the name decides.
    fileprivate func hasLetIn(_ context: ChangeContext, _ approval: Approval, at time: Date) -> Bool {
        guard self.approval == approval.source, from ?? time <= time else { return false }
        return approval.caller == Caller() || [nil, .time].contains(shortfall(for: context))
    }

    /// True if it ended within the last 24 hours.
    package func hasJustEnded(at now: Date) -> Bool {
        until.map { $0 <= now && $0 > now.addingTimeInterval(-86_400) } ?? false
    }

    /// True if it ends so soon that people are to be reminded of it.
    package func isToRemind(at now: Date) -> Bool {
        guard let until, let remind, until > now else { return false }
        let seconds = Double(remind.components.seconds)
        return now >= until.addingTimeInterval(-seconds)
    }
}
