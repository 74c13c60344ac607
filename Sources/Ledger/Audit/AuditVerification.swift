/// The result of a verification.
package struct AuditVerification: Hashable, Sendable {
    /// The number of entries in the chain.
    package let entries: Int
    /// The number of events in the views.
    package let events: Int
    /// The head of the trail; nil for an empty trail.
    package let anchor: Anchor?
    /// The prunes that the trail records, oldest first.
    package let gaps: [Gap]
    /// The problems that were found, at most `findingLimit` of them.
    package let findings: [AuditFinding]

    /// The largest number of findings that are kept one by one.
    package static let findingLimit = 1000

    /// The entries that one prune dropped from the beginning of the trail.
    package struct Gap: Hashable, Sendable, CustomStringConvertible {
        /// The number of the last entry dropped. The first one dropped is the one after the previous gap, or entry 1.
        package let through: Int64
        /// The number of entries dropped.
        package let entries: Int64
        /// The number of events dropped.
        package let events: Int64
        /// The time of the last entry dropped.
        package let lastAt: String
        /// The time of the prune.
        package let prunedAt: String

        /// One line.
        package var description: String {
            "entries \(through - entries + 1) to \(through), until \(lastAt), were pruned at \(prunedAt), "
                + "with \(events) events that they alone told of"
        }
    }
}
