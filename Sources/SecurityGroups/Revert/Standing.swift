/// How a rule that an event added or modified stands now.
package enum Standing: Hashable, Sendable {
    /// It is in the event's group, and says what the record says of it, as far as the record tells.
    case stands(LiveRule)
    /// It is in the event's group, and says something else.
    case changed(LiveRule)
    /// The id belongs to a rule of another group. An id never moves, so the record is wrong.
    case elsewhere(LiveRule)
    /// EC2 does not show it.
    case missing

    /// Compares what an event added to `group` with what EC2 shows.
    ///
    /// With an id, the id decides which rule is meant and the content must agree, as far as the record tells it.
    /// Without one (records from before July 2021, a new group's egress) the content decides; then `matched`, the ids
    /// found on an earlier run of the same event, bounds the search, so that an identical rule with a new id, which
    /// somebody re-added meanwhile, is never taken.
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

/// How much a record tells of what a rule says now.
package enum RecordMatch: Hashable, Sendable {
    /// The rule says exactly what the record says.
    case exact
    /// The record does not tell what the rule says.
    case untold
    /// The rule says something else.
    case other
}
