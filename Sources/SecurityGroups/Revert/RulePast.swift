package import FoundationEssentials

/// Who made a change, by the fields that AWS sets and nobody can choose.
package struct Caller: Hashable, Sendable {
    /// The ARN of the role behind the session, of the IAM user, or of the root.
    package var issuerARN: String?
    /// The AWS service that made the call for somebody.
    package var invokedBy: String?
    /// Who is behind a role, as it was set when the role was assumed.
    package var sourceIdentity: String?

    /// A caller; by default nobody who is known.
    package init(issuerARN: String? = nil, invokedBy: String? = nil, sourceIdentity: String? = nil) {
        self.issuerARN = issuerARN
        self.invokedBy = invokedBy
        self.sourceIdentity = sourceIdentity
    }
}

/// Why a rule may say what it says: what was decided while EC2 showed exactly that.
package struct Approval: Hashable, Sendable {
    /// What approved it: `allow NAME`, `exempt NAME`, `baseline`.
    package let source: String
    /// Whose change was exempt; nobody where the policy allows it to everybody.
    package let caller: Caller
    /// The time of the event that was approved.
    package let eventTime: Date?

    /// An approval with these values.
    package init(source: String, caller: Caller = Caller(), eventTime: Date? = nil) {
        self.source = source
        self.caller = caller
        self.eventTime = eventTime
    }
}

/// What a rule said when the ledger saw it in EC2 and it was approved.
package struct ApprovedContent: Hashable, Sendable {
    /// What it said.
    package let content: RuleContent
    /// Why it might say so.
    package let approval: Approval

    /// An approved content.
    package init(content: RuleContent, approval: Approval) {
        self.content = content
        self.approval = approval
    }
}

/// What the ledger is asked of one rule.
package struct RuleQuestion: Hashable, Sendable {
    /// The rule's id, where it is known.
    package let ruleID: SecurityGroupRuleID?
    /// What the rule says now, or said before it was removed; nil where nobody knows.
    package let rule: SecurityGroupRule?
    /// What the record says that the call added; nil for any other change.
    package let added: SecurityGroupRule?

    /// A question about one rule.
    package init(ruleID: SecurityGroupRuleID?, rule: SecurityGroupRule?, added: SecurityGroupRule? = nil) {
        self.ruleID = ruleID
        self.rule = rule
        self.added = added
    }
}

/// What the ledger knows of a rule beside the event that is run.
package struct RulePast: Hashable, Sendable {
    /// How often a rule that says the same was reverted in this group within the last hour.
    package var reverts = 0
    /// When that was done last.
    package var lastRevert: Date?
    /// When the limits of the group and of the worker have room again; nil where they have room now.
    package var roomAt: Date?
    /// What the rule of this id said when it was last seen in EC2.
    package var lastSeen: SecurityGroupRule?
    /// The newest approval of exactly this id and content.
    package var approval: Approval?
    /// The newest approved content of this id that is another than what the rule says now. Of a removed rule: the approved content
    /// with which it stood last.
    package var earlier: ApprovedContent?
    /// What was decided when a rule that says the same was last added, or changed to say so; nil if that was never seen.
    package var lastDecision: RuleDecision?
    /// True where a later event about the same rule was allowed or exempt.
    package var isSettledLater = false
    /// True where another event made the rule of this id.
    package var isOfAnotherEvent = false
    /// What another record says that was added under this id; nil where none contradicts.
    package var contradiction: String?

    /// A past of which nothing is known.
    package init() {}

    /// True where the ledger has met the rule of this id before.
    package var isKnown: Bool { lastSeen != nil || isOfAnotherEvent }
}
