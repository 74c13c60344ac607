package import FoundationEssentials

/// The facts about a change, other than the rule itself, that a decision depends on.
package struct ChangeContext: Hashable, Sendable {
    /// The group that was changed.
    package var group: GroupFacts
    /// The kind of change.
    package let kind: ChangeKind
    /// The ARN of the role behind the caller's session, or of the IAM user or root. Nil for a caller without one, who
    /// cannot be exempt by ARN.
    package let issuerARN: String?
    /// The AWS service that made the call on the caller's behalf.
    package let invokedBy: String?
    /// The person behind a role, as set when the role was assumed.
    package let sourceIdentity: String?
    /// The time of the call. A late or replayed event is judged as it would have been in time.
    package let eventTime: Date?
    /// The entries of prefix lists, as far as they are known. Only a policy with `expandPrefixLists` uses them.
    package var prefixLists: PrefixLists

    /// Creates a context with these facts.
    package init(
        group: GroupFacts,
        kind: ChangeKind,
        issuerARN: String?,
        invokedBy: String? = nil,
        sourceIdentity: String? = nil,
        eventTime: Date?,
        prefixLists: PrefixLists = .unknown
    ) {
        self.group = group
        self.kind = kind
        self.issuerARN = issuerARN
        self.invokedBy = invokedBy
        self.sourceIdentity = sourceIdentity
        self.prefixLists = prefixLists
        self.eventTime = eventTime
    }
}
