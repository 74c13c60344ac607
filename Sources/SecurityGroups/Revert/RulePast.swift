package import FoundationEssentials

/// The caller of a change, by the fields that AWS sets and no caller can choose.
package struct Caller: Hashable, Sendable {
    /// The ARN of the role behind the session, of the IAM user, or of the root.
    package var issuerARN: String?
    /// The AWS service that made the call for somebody.
    package var invokedBy: String?
    /// The person behind a role, as set when the role was assumed.
    package var sourceIdentity: String?

    /// Creates a caller; by default an unknown one.
    package init(issuerARN: String? = nil, invokedBy: String? = nil, sourceIdentity: String? = nil) {
        self.issuerARN = issuerARN
        self.invokedBy = invokedBy
        self.sourceIdentity = sourceIdentity
    }
}

/// The reason why a rule may have its content: what was decided while EC2 showed exactly this content.
package struct Approval: Hashable, Sendable {
    /// The source of the approval: `allow NAME`, `exempt NAME`, `baseline`.
    package let source: String
    /// The caller whose call was approved. Empty if no record told of one.
    package let caller: Caller
    /// The time of the event that was approved, or of the approval by a person.
    package let eventTime: Date?
    /// The source of the exemption that would approve the rule if the allow entry did not; nil if there is none.
    package let exemption: String?

    /// Creates an approval.
    package init(source: String, caller: Caller = Caller(), eventTime: Date? = nil, exemption: String? = nil) {
        self.source = source
        self.caller = caller
        self.eventTime = eventTime
        self.exemption = exemption
    }
}

extension Approval {
    /// The source of the approval of a rule that stood when its group was first seen.
    package static let baseline = "baseline"

    /// The approval of a person with `sg-revert baseline approve` at `time`.
    package static func byPerson(_ person: String, at time: Date) -> Self {
        Self(source: "approved \(person)", eventTime: time)
    }

    /// True if an exempt caller made the rule.
    package var isExemption: Bool { source.hasPrefix("exempt ") }
    /// True if a person approved the rule with `sg-revert baseline approve`.
    package var isByPerson: Bool { source.hasPrefix("approved ") }
    /// True if a person approved the rule at `time` or later. The clocks of AWS and of the person's machine may differ by a minute.
    package func isByPerson(since time: Date?) -> Bool {
        guard isByPerson, let time, let eventTime else { return isByPerson }
        return eventTime >= time - 60
    }
    /// True if the rule stood when its group was first seen.
    package var isBaseline: Bool { source == Self.baseline }
    /// True if no entry of the policy approved it.
    package var isOutsidePolicy: Bool { isBaseline || isByPerson }
    /// The same approval for a host that does not know the event; nil if such a host finds the reason in its policy.
    ///
    /// A rule of an exempt caller stays even when the policy no longer allows it to others, so every host must know the exemption.
    package var elsewhere: Approval? {
        if isExemption || isOutsidePolicy { return self }
        return exemption.map { Approval(source: $0, caller: caller, eventTime: eventTime) }
    }
}

/// The content of a rule that the ledger saw in EC2 while it was approved.
package struct ApprovedContent: Hashable, Sendable {
    /// The content.
    package let content: RuleContent
    /// The reason why it was approved.
    package let approval: Approval

    /// Creates an approved content.
    package init(content: RuleContent, approval: Approval) {
        self.content = content
        self.approval = approval
    }
}

/// A question to the ledger about one rule.
package struct RuleQuestion: Hashable, Sendable {
    /// The rule's id, if it is known.
    package let ruleID: SecurityGroupRuleID?
    /// The content of the rule now, or before it was removed; nil if it is not known.
    package let rule: SecurityGroupRule?
    /// The content that the call added, according to the record; nil for any other change.
    package let added: SecurityGroupRule?

    /// True if the record tells what was added, and the rule says something else by now.
    package var isChangedSince: Bool { added.map { $0 != rule } ?? false }

    /// Creates a question.
    package init(ruleID: SecurityGroupRuleID?, rule: SecurityGroupRule?, added: SecurityGroupRule? = nil) {
        self.ruleID = ruleID
        self.rule = rule
        self.added = added
    }
}

/// The knowledge of the ledger about a rule, from other events.
package struct RulePast: Hashable, Sendable {
    /// How often a rule with the same content was reverted in this group within the last hour.
    package var reverts = 0
    /// The time of the last such revert.
    package var lastRevert: Date?
    /// The time from which the limits of the group and the worker have room; nil if they have room now.
    package var roomAt: Date?
    /// The content of the rule of this id when it was last seen in EC2.
    package var lastSeen: SecurityGroupRule?
    /// The newest approval of exactly this id and content.
    package var approval: Approval?
    /// The newest approved content of this id that differs from the content now. For a removed rule: the approved
    /// content that it had last.
    package var earlier: ApprovedContent?
    /// The other approved contents of this id that differ from the content now, newest first.
    package var older: [ApprovedContent] = []
    /// Those approved contents of this id that the rule had after it last had the content of now, newest first.
    package var newer: [ApprovedContent] = []
    /// The decision when a rule with this content was last added or modified; nil if that was never seen.
    package var lastDecision: RuleDecision?
    /// True if a later event about the same rule was allowed or exempt.
    package var isSettledLater = false
    /// True if the record of another event brought the rule of this id.
    package var isBroughtByAnother = false
    /// True if another event created the rule of this id: its record brought it, or a look at the group showed it before.
    package var isOfAnotherEvent = false
    /// The content that another record says was added under this id; nil if no record contradicts.
    package var contradiction: String?
    /// The words for another record by which somebody exempt added the rule of this id; nil where there is none.
    package var rival: String?
    /// True if somebody exempt added a rule that says the same, by a record that names no id, and no other record by somebody
    /// exempt names this one. That exemption approves nothing against a record that names the rule.
    package var isExemptByContent = false
    /// How many modifications of the rule within the last hour found that it was modified again.
    package var outrunModifications = 0
    /// True if another record says that somebody added the rule of this id who may not do so.
    package var isClaimedByOthers = false

    /// Creates a past without any knowledge.
    package init() {}

    /// True if the ledger has seen the rule of this id before.
    package var isKnown: Bool { lastSeen != nil || isOfAnotherEvent }
}
