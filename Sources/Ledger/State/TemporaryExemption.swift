import Formats
package import Foundation
package import SecurityGroups

/// An exemption that a command made, as opposed to one of the policy file. It is in a ledger, in the shared table, or in both.
package struct TemporaryExemption: Hashable, Sendable {
    /// Its id, `ex-` and 8 digits, which is also its name.
    package let id: String
    /// The callers who are exempt: a pattern of issuer ARNs.
    package let principal: String
    /// The group in which it holds; nil for all groups.
    package let groupID: String?
    /// The time at which it begins.
    package let from: Date
    /// The time at which it ends, unless somebody ends it before.
    package let until: Date
    /// The fate, at that time, of the rules that were added under it.
    package let then: Exemption.End
    /// The time before the end at which people are reminded; nil for no reminder.
    package let remind: Duration?
    /// The reason that its author gave, at most `longestReason` bytes.
    package let reason: String
    /// The person who wrote it: `user@host`.
    package let madeBy: String
    /// The time at which somebody ended it early; nil if nobody did.
    package var endedAt: Date?
    /// The person who ended it early: `user@host`.
    package var endedBy: String?
    /// The time at which this ledger first saw it in the shared table; nil if only this ledger has it.
    package var sharedAt: Date?

    /// An exemption with these values.
    package init(
        id: String,
        principal: String,
        groupID: String? = nil,
        from: Date,
        until: Date,
        then: Exemption.End = .revert,
        remind: Duration? = nil,
        reason: String,
        madeBy: String,
        endedAt: Date? = nil,
        endedBy: String? = nil,
        sharedAt: Date? = nil
    ) {
        self.id = id
        self.principal = principal
        self.groupID = groupID
        self.from = from
        self.until = until
        self.then = then
        self.remind = remind
        self.reason = reason
        self.madeBy = madeBy
        self.endedAt = endedAt
        self.endedBy = endedBy
        self.sharedAt = sharedAt
    }

    /// The largest number of bytes of a reason. The shared table has one item of at most 400 KB for 200 exemptions.
    package static let longestReason = 1000

    /// The time at which it ends or ended.
    package var end: Date { endedAt.map { min($0, until) } ?? until }

    /// The exemption in the form by which the policy judges. An event's time has whole seconds, so `from` is rounded down.
    package var exemption: Exemption {
        Exemption(
            name: id,
            principals: [Wildcard(principal)],
            groups: groupID.map { [$0] },
            from: Date(timeIntervalSince1970: from.timeIntervalSince1970.rounded(.down)),
            until: end,
            then: then,
            remind: remind,
            origin: "exempt \(id) (\(reason), by \(madeBy))"
        )
    }

    /// The names of the columns that commands show.
    package static let columns = [
        "id", "principal", "group_id", "from", "until", "then", "remind_seconds", "reason", "made_by", "state",
        "ended_at",
        "ended_by",
    ]

    /// The cells, in the order of `columns`.
    package func values(at now: Date) -> [AuditValue] {
        func text(_ value: String?) -> AuditValue { value.map { .text($0) } ?? .null }
        return [
            .text(id), .text(principal), text(groupID), .text(RFC3339.format(from)), .text(RFC3339.format(until)),
            .text(then.rawValue), remind.map { .integer($0.components.seconds) } ?? .null, .text(reason), .text(madeBy),
            .text(end > now ? "active" : "ended"), text(endedAt.map(RFC3339.format)), text(endedBy),
        ]
    }
}
