package import FoundationEssentials

/// The name and the tags with which a group matched a watch entry.
///
/// Only what the policy's watch entries ask for is kept.
package struct WatchedFacts: Hashable, Sendable {
    /// The group's name; nil if no watch entry asks for names.
    package let name: String?
    /// The group's tags whose keys watch entries name.
    package let tags: [String: String]
    /// The time at which EC2 was first seen to show something else; nil while EC2 shows these facts.
    package var endedAt: Date?

    /// Creates the facts that EC2 shows now, or showed until `endedAt`.
    package init(name: String?, tags: [String: String], endedAt: Date? = nil) {
        self.name = name
        self.tags = tags
        self.endedAt = endedAt
    }
}

extension Policy {
    /// The time for which a group stays watched after its tags or its name stopped matching.
    ///
    /// Without it, whoever may change tags could take a group out of the watch, open it, and put the tags back.
    package static let watchMemory: TimeInterval = 86_400

    /// The keys of the tags that watch entries name.
    package var namedTagKeys: Set<String> {
        watch.reduce(into: []) { $0.formUnion(($1.tags ?? [:]).keys) }
    }

    /// True if a watch entry asks for names or tags.
    package var watchesByNameOrTags: Bool {
        watch.contains { $0.names != nil || $0.tags != nil }
    }

    /// Returns the name and tags of a group that a watch entry matches by name or tags; nil for any other group.
    ///
    /// - Parameter group: The group as EC2 shows it, with VPC, name and tags.
    package func watchedFacts(of group: GroupFacts) -> WatchedFacts? {
        guard let entry = watch.first(where: { $0.match(group) == .yes }), !entry.changes.isEmpty,
            entry.names != nil || entry.tags != nil
        else { return nil }
        let keys = namedTagKeys
        return WatchedFacts(
            name: watch.contains { $0.names != nil } ? group.name : nil,
            tags: (group.tags ?? [:]).filter { keys.contains($0.key) }
        )
    }

    /// Finds the entry under which a change is judged, for a group that may have matched until a short time ago.
    ///
    /// The change is judged by the strictest of what the group is now and what it was within the last 24 hours: `revert`
    /// before `report` before not watched. So no change of tags makes the guard do less for a day.
    ///
    /// - Parameters:
    ///   - context: The change, with the group as EC2 shows it now.
    ///   - remembered: The facts with which the ledger saw the group match.
    package func watch(_ context: ChangeContext, remembering remembered: [WatchedFacts]) -> WatchAnswer {
        var strictest = watch(context)
        for facts in remembered {
            // An event without a time is judged as if it had been made in time.
            if let ended = facts.endedAt, let time = context.eventTime, time >= ended + Self.watchMemory { continue }
            var context = context
            context.group.take(facts)
            let answer = watch(context)
            if answer.strictness > strictest.strictness { strictest = answer }
        }
        return strictest
    }
}

extension Policy {
    /// The answers for each kind of change to a group that has, or had, this name and these tags.
    ///
    /// Of two facts with the same answers, those that EC2 showed later decide.
    package func answers(with facts: WatchedFacts, of group: GroupFacts) -> [WatchAnswer] {
        var group = group
        group.take(facts)
        return ChangeKind.allCases.map { kind in
            watch(ChangeContext(group: group, kind: kind, issuerARN: nil, eventTime: nil))
        }
    }
}

extension GroupFacts {
    fileprivate mutating func take(_ facts: WatchedFacts) {
        if let name = facts.name { self.name = name }
        tags = facts.tags
    }
}

extension WatchAnswer {
    /// How much is done about a forbidden change.
    fileprivate var strictness: Int {
        switch self {
        case .notWatched, .undetermined: 0
        case .watched(let entry): entry.action == .report ? 1 : 2
        }
    }
}
