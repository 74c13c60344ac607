import Formats
package import Foundation
import GRDB
import Hashing
package import SecurityGroups

/// Events that sg-revert made itself. No message brings one again, so whoever begins one sees to its end.
extension LedgerTransaction {
    /// An event of our own that began and did not end.
    package struct OpenEvent: Hashable, Sendable {
        /// Its id.
        package let eventID: String
        /// Its name: `Sweep` or `ExemptionEnd`.
        package let name: String
        /// The time that it bears.
        package let time: Date
        /// The rule that it is about, as it stood then.
        package let rule: StandingRule
        /// True if the rule stood so at the last look.
        package let isStanding: Bool
    }

    /// In which rows of `events` such events are. It is the condition of an index, too.
    static let isOwnAndOpen = """
        (event_id GLOB 'sweep-*' OR event_id GLOB 'exemption-end-*') AND coalesce(outcome, 'failed') IN ('failed', 'suppressed')
        """

    /// The events of our own that began, did not end, and are to be run again by now, the oldest first.
    package func openEvents(limit: Int = 100) throws -> [OpenEvent] {
        let sql = """
            SELECT event_id, event_name, group_id, event_time, digest FROM events
            WHERE \(Self.isOwnAndOpen) AND coalesce(lease_until, '') <= ? ORDER BY number
            """
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: [nowText])
        var open: [OpenEvent] = []
        while open.count < limit, let row = try rows.next() {
            let (eventID, name, time): (String, String, String?) = (row[0], row[1], row[3])
            guard try isOpen(ownEvent: eventID), let groupID: String = row[2],
                let ruleID = OwnEvent.ruleID(in: eventID),
                let (rule, isStanding) = try contents(of: ruleID, in: groupID).first(where: {
                    Digest.hex(Digest.sha256(Array(OwnEvent.detail(name, of: $0.rule).utf8))) == row[4] as String
                })
            else { continue }
            open.append(
                OpenEvent(
                    eventID: eventID,
                    name: name,
                    time: time.flatMap { RFC3339.parse($0) } ?? rule.since,
                    rule: rule,
                    isStanding: isStanding
                )
            )
        }
        return open
    }
}
