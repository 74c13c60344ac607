import Foundation
package import Ledger
package import SecurityGroups
import TestSupport

/// What the callers of a simulation have done, for the checks at the end.
package struct SimulatedScript: Sendable {
    /// True records that EventBridge delivered, by event id.
    package var delivered: Set<String> = []
    /// True records that never arrived.
    package var lost: Set<String> = []
    /// Messages that nobody's call stands behind.
    package var forged = 0
    /// Rules that a forged record names, and groups with content that one claims to be approved.
    package var forgedRules: Set<SecurityGroupRuleID> = []
    package var forgedContents: Set<SecurityGroupRule> = []
    /// Ids of true events that a forged record bears.
    package var forgedEvents: Set<String> = []
    /// When the ledger was first found to know the rules of a group.
    package var firstSeen: [SecurityGroupID: Duration] = [:]
    /// When the policy was narrowed; nil where it was not.
    package var narrowedAt: Duration?
    /// When a process was paused, and until when.
    var pauses: [Range<Duration>] = []
    /// The exemptions that were lent for a while.
    package var loans: [Loan] = []
    /// True records as they were delivered, for forgers who repeat them with other content.
    var bodies: [(eventID: String, record: SimulatedRecord, live: LiveRule)] = []
    var nextEvent = 1

    package init() {}

    /// A temporary exemption.
    package struct Loan: Sendable {
        package var exemption: TemporaryExemption
        /// When it ended by the clock of the machine by which it ended last.
        var lastEnd: Date
        /// When it was in the ledger.
        package let madeAt: Duration
    }

    /// True where a temporary exemption lets stand, at `time`, what the on-call engineer made of a rule.
    ///
    /// - Parameter slack: By so much the clock may be wrong by which the exemption began or ended.
    func lends(
        _ origin: SimulatedRules.Origin,
        in group: SecurityGroupID,
        at time: Duration,
        slack: Duration = .zero
    ) -> Bool {
        loans.contains { loan in
            let exemption = loan.exemption
            // CloudTrail writes whole seconds.
            let made = SimulatedMachine.start.addingTimeInterval(origin.at.inSeconds.rounded(.down))
            // One that a person ended by a slow clock ended before calls that it had let in.
            let end = slack > .zero ? loan.lastEnd.addingTimeInterval(slack.inSeconds) : exemption.end
            guard exemption.groupID.map({ $0 == group.description }) ?? true, origin.at > loan.madeAt - slack,
                made.timeIntervalSince1970 >= exemption.from.timeIntervalSince1970.rounded(.down), made < end
            else { return false }
            return exemption.then == .leave || SimulatedMachine.start.addingTimeInterval(time.inSeconds) < end
        }
    }
}
