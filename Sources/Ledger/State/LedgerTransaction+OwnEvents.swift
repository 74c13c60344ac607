import Formats
package import Foundation
import GRDB
import Hashing
package import SecurityGroups

/// Events that sg-revert made itself. No message brings such an event again, so the workers run it until it has ended.
extension LedgerTransaction {
    /// An event that sg-revert made and that has not ended.
    package struct OpenEvent: Hashable, Sendable {
        /// Its id.
        package let eventID: String
        /// Its name: `Sweep` or `ExemptionEnd`.
        package let name: String
        /// Its `event_time`.
        package let time: Date
        /// The rule that it is about, with the content of that time.
        package let rule: StandingRule
        /// True if the rule had this content at the last look.
        package let isStanding: Bool
    }

    /// The ids of the events about rules whose exemption has ended begin so.
    static let exemptionEnds = "exemption-end-"

    /// The SQL condition for the rows of these events in `events`. An index has the same condition.
    static let isOwn = "(event_id GLOB 'sweep-*' OR event_id GLOB '\(exemptionEnds)*')"

    /// The SQL condition for those of them that have not ended. An index has the same condition.
    static let isOwnAndOpen = "\(isOwn) AND coalesce(outcome, 'failed') IN ('failed', 'suppressed')"

    /// The events that sg-revert made, that have not ended and that are due to run again, the oldest first.
    package func openEvents(limit: Int = 100) throws -> [OpenEvent] {
        let sql = """
            SELECT event_id, event_name, group_id, event_time, digest FROM events
            WHERE \(Self.isOwnAndOpen) AND NOT \(Self.isRunning) ORDER BY number
            """
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: [nowText, longestLease])
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
