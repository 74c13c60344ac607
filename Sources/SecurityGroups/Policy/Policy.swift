/// What may stand in which groups.
public struct Policy: Hashable, Sendable {
    /// The watched groups; the first entry that matches a group decides, and a group that none matches is left alone.
    public let watch: [Watch]

    /// A policy with these entries.
    public init(watch: [Watch]) {
        self.watch = watch
    }

    /// The simplest policy, the one of `--group`: in each of `groups`, no rule may be added to the ingress.
    public static func watching(_ groups: [SecurityGroupID]) -> Self {
        Self(watch: groups.map { Watch(group: $0, changes: [.ingressAdded], origin: "--group \($0)") })
    }

    /// The entry under which a change of `kind` in `group` is judged, or nil where the change is not watched.
    public func entry(watching group: SecurityGroupID, for kind: ChangeKind) -> Watch? {
        watch.first { $0.group == group }.flatMap { $0.changes.contains(kind) ? $0 : nil }
    }

    /// Judges one rule that was added in a watched group, under the entry that watches it.
    public func decide(_ rule: SecurityGroupRule, under entry: Watch) -> Decision {
        Decision(decision: .revert, reason: entry.origin)
    }
}

/// One entry of a policy's watch list.
public struct Watch: Hashable, Sendable {
    /// The group that is watched.
    public let group: SecurityGroupID
    /// The kinds of change that are judged there.
    public let changes: Set<ChangeKind>
    /// The setting or the line of the policy that says so, for the audit.
    public let origin: String

    /// An entry for one group.
    public init(group: SecurityGroupID, changes: Set<ChangeKind>, origin: String) {
        self.group = group
        self.changes = changes
        self.origin = origin
    }
}

/// What the policy says of one rule, and where it says so.
public struct Decision: Hashable, Sendable {
    /// Revert, allow or exempt.
    public let decision: RuleDecision
    /// The setting or the line of the policy that made the decision.
    public let reason: String

    /// A decision with its reason.
    public init(decision: RuleDecision, reason: String) {
        self.decision = decision
        self.reason = reason
    }
}
