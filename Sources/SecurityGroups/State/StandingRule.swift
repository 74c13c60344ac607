package import FoundationEssentials

/// A rule that stands although nothing says that it may, or that may stand no longer.
package struct StandingRule: Hashable, Sendable {
    /// The rule's id.
    package let id: SecurityGroupRuleID
    /// The group that the rule is in.
    package let groupID: SecurityGroupID
    /// The account that owns the group.
    package let account: String?
    /// The Region of the group.
    package let region: String
    /// What the rule says.
    package let content: RuleContent
    /// Since when it was seen to say so without a break.
    package let since: Date
    /// Why it may stand; nil where nothing says so.
    package let approval: Approval?
    /// True where the same rule said something else before, which was approved.
    package let isEdit: Bool

    /// A standing rule.
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
    /// The exemption that ended and takes the rule with it: every exemption that covers what its maker did is over, and says
    /// `then: revert`. Nil where the rule may stay.
    package func endedExemption(of rule: StandingRule, at now: Date) -> Exemption? {
        guard let approval = rule.approval, approval.isExemption, let time = approval.eventTime else {
            return nil
        }
        let context = ChangeContext(
            group: GroupFacts(groupID: rule.groupID.description, account: rule.account, region: rule.region),
            kind: rule.isEdit ? .ruleModified : rule.content.rule.direction.added,
            issuerARN: approval.caller.issuerARN,
            invokedBy: approval.caller.invokedBy,
            sourceIdentity: approval.caller.sourceIdentity,
            eventTime: time
        )
        let covering = exempt.filter { $0.covers(context) }
        guard covering.allSatisfy({ $0.isOver(at: now) && $0.then == .revert }) else { return nil }
        return covering.max { ($0.until ?? now) < ($1.until ?? now) }
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
    /// True where it has ended.
    package func isOver(at now: Date) -> Bool { until.map { $0 <= now } ?? false }

    /// True where it has ended within the last day.
    package func hasJustEnded(at now: Date) -> Bool {
        until.map { $0 <= now && $0 > now.addingTimeInterval(-86_400) } ?? false
    }

    /// True where people are to be reminded now that it ends.
    package func isToRemind(at now: Date) -> Bool {
        guard let until, let remind, until > now else { return false }
        let seconds = Double(remind.components.seconds)
        return now >= until.addingTimeInterval(-seconds)
    }
}
