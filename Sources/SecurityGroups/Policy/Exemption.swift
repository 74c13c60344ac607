package import FoundationEssentials

/// One entry of a policy's list of callers who may change rules.
package struct Exemption: Hashable, Sendable {
    /// The fate of the rules when the exemption ends.
    package enum End: String, Hashable, Sendable, CaseIterable {
        /// Rules that were added under it and still stand are reverted.
        case revert
        /// Rules that were added under it stay.
        case leave
    }

    /// The name that people gave it.
    package let name: String?
    /// The callers, by patterns of issuer ARNs. Nil if the entry does not ask for one. Session names and user agents do
    /// not count, because the caller chooses them.
    package let principals: [Wildcard]?
    /// The services that made the call, by patterns of `invokedBy`. Nil if the entry does not ask for one.
    package let invokedBy: [Wildcard]?
    /// The people behind a role, by patterns of `sourceIdentity`. Nil if the entry does not ask for one.
    package let sourceIdentity: [Wildcard]?
    /// The ids of the groups in which it holds; nil for all groups.
    package let groups: Set<String>?
    /// The first moment at which it holds, by the event's time; nil if it has no beginning.
    package let from: Date?
    /// The moment at which it ends, by the event's time; nil if it has no end. It does not hold at this moment any more.
    package let until: Date?
    /// The fate, at that moment, of the rules that were added under it.
    package let then: End
    /// The time before the end at which people are reminded; nil for no reminder.
    package let remind: Duration?
    /// The line of the policy that holds the entry, for the audit.
    package let origin: String

    /// Creates an entry. A nil field matches everything.
    package init(
        name: String? = nil,
        principals: [Wildcard]? = nil,
        invokedBy: [Wildcard]? = nil,
        sourceIdentity: [Wildcard]? = nil,
        groups: Set<String>? = nil,
        from: Date? = nil,
        until: Date? = nil,
        then: End = .leave,
        remind: Duration? = nil,
        origin: String
    ) {
        self.name = name
        self.principals = principals
        self.invokedBy = invokedBy
        self.sourceIdentity = sourceIdentity
        self.groups = groups
        self.from = from
        self.until = until
        self.then = then
        self.remind = remind
        self.origin = origin
    }

    /// True if one of these callers made the change, in one of these groups, and in time. A fact that is not known
    /// counts as no match.
    package func covers(_ context: ChangeContext) -> Bool {
        shortfall(for: context) == nil
    }

    /// The first reason why a change is not exempt.
    enum Shortfall: Hashable {
        case nobody, principal, invokedBy, sourceIdentity, group, time
    }

    func shortfall(for context: ChangeContext) -> Shortfall? {
        let callers: [([Wildcard]?, String?, Shortfall)] = [
            (principals, context.issuerARN, .principal), (invokedBy, context.invokedBy, .invokedBy),
            (sourceIdentity, context.sourceIdentity, .sourceIdentity),
        ]
        // An entry that names no caller would exempt everybody.
        guard callers.contains(where: { $0.0 != nil }) else { return .nobody }
        for case (let patterns?, let caller, let shortfall) in callers {
            guard let caller, patterns.contains(where: { $0.matches(caller) }) else { return shortfall }
        }
        if let groups {
            guard let id = context.group.groupID, groups.contains(id) else { return .group }
        }
        if let from {
            guard let time = context.eventTime, time >= from else { return .time }
        }
        if let until {
            guard let time = context.eventTime, time < until else { return .time }
        }
        return nil
    }
}
