import Formats
package import Foundation
package import SecurityGroups

/// An exemption that a command made, and not the policy file. It is in a ledger, in the table that hosts share, or in both.
package struct TemporaryExemption: Hashable, Sendable {
    /// Its id, `ex-` and 8 digits, which is also its name.
    package let id: String
    /// Who is exempt: a pattern of issuer ARNs.
    package let principal: String
    /// In which group; nil for all.
    package let groupID: String?
    /// From when on.
    package let from: Date
    /// Until when.
    package let until: Date
    /// What happens then.
    package let then: Exemption.End
    /// How long before the end people are reminded; nil for never.
    package let remind: Duration?
    /// Why.
    package let reason: String
    /// Who wrote it: `user@host`.
    package let madeBy: String
    /// When somebody ended it before its time.
    package var endedAt: Date?
    /// Who did.
    package var endedBy: String?
    /// When this ledger first knew that the shared table has it; nil for one that only this ledger has.
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

    /// When it ends, or ended.
    package var end: Date { endedAt.map { min($0, until) } ?? until }

    /// The exemption as the policy judges by it. An event's time has whole seconds, so it begins with its second.
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
