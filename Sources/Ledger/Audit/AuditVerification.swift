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

extension LedgerReader {
    /// Recomputes the chain of the trail, compares both views with it (every column but `deliveries`), and has SQLite
    /// check the file.
    ///
    /// The trail and the views are read in short pages, while workers write. SQLite checks one table at a time, and
    /// workers wait meanwhile: some seconds for a gigabyte.
    ///
    /// - Parameters:
    ///   - anchor: A head of the trail from an earlier time, which must still be in the trail.
    ///   - progress: Called with the share that is done, from 0 to 1.
    /// - Returns: The findings. The ledger is in order if there are none.
    /// - Throws: `LedgerError` if the ledger cannot be read.
    package func verify(
        anchor: Anchor? = nil,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws -> AuditVerification {
        while true {
            do {
                let before = try read(Self.beginning)
                let found = try AuditVerifier(reader: self, anchor: anchor, progress: progress).run()
                // A prune that runs now moves the beginning of the trail. Entries that it drops are no finding.
                guard !found.findings.isEmpty, try read(Self.beginning) != before else { return found }
            } catch LedgerError.damaged(_, let detail) {
                return AuditVerification(
                    entries: 0,
                    events: 0,
                    anchor: nil,
                    gaps: [],
                    findings: [.damaged(detail: detail)]
                )
            }
        }
    }
}
