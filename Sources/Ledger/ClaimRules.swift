package import Foundation
package import SecurityGroups

/// The rules for a delivery of an event that is known. The ledger and the table that hosts share decide by the same rules.
package enum ClaimRules {
    /// True for a lease that has not ended.
    ///
    /// A lease that ends later than one made now comes from a wrong clock. It counts as ended, because waiting for its end
    /// could take hours.
    ///
    /// - Parameter slack: The difference between two clocks that is not taken for an error.
    package static func isHeld(until end: Date, now: Date, lease: Duration, slack: Duration) -> Bool {
        end > now && end <= now.addingTimeInterval((lease + slack) / .seconds(1))
    }

    /// True if the delivery of an event that has ended with `outcome` is a duplicate.
    ///
    /// - Parameters:
    ///   - replayCount: The replay count of the delivery.
    ///   - known: The highest replay count of the runs that ended.
    package static func isDuplicate(of outcome: EventOutcome, replayCount: Int, known: Int) -> Bool {
        outcome.isFinal && outcome != .deadLettered && replayCount <= known
    }
}
