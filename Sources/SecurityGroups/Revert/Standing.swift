/// How a rule that an event added or modified stands now.
package enum Standing: Hashable, Sendable {
    /// It is in the event's group with the recorded content, as far as the record tells it.
    case stands(LiveRule)
    /// It is in the event's group with other content.
    case changed(LiveRule)
    /// The id belongs to a rule of another group. An id never moves, so the record is wrong.
    case elsewhere(LiveRule)
    /// EC2 does not show it.
    case missing

    /// Compares a rule that an event added to `group` with what EC2 shows.
    ///
    /// If the record has an id, the rule of this id is compared with the recorded content. If it has none (records from
    /// before July 2021, the egress of a new group), the rule is found by its content. `matched`, the ids that an
    /// earlier run of the same event found, then bounds the search, so that an identical rule that somebody added later
    /// under a new id is never taken.
    package init(
        of added: ChangedRule,
        in group: SecurityGroupID,
        among live: some Sequence<LiveRule>,
        matched: Set<SecurityGroupRuleID>? = nil
    ) {
        if let id = added.id {
            guard let found = live.first(where: { $0.id.description == id }) else {
                self = .missing
                return
            }
            if found.groupID != group {
                self = .elsewhere(found)
            } else {
                self = added.agrees(with: found.rule) ? .stands(found) : .changed(found)
            }
        } else {
            let found = live.first {
                $0.groupID == group && added.rule == $0.rule && (matched?.contains($0.id) ?? true)
            }
            self = found.map(Self.stands) ?? .missing
        }
    }
}

/// How the record compares with the rule's content now.
package enum RecordMatch: Hashable, Sendable {
    /// The content is exactly the recorded one.
    case exact
    /// The record does not tell the content.
    case untold
    /// The content is another one.
    case other
}
