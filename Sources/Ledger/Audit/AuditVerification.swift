/// What a verification found.
package struct AuditVerification: Hashable, Sendable {
    /// How many entries the chain has.
    package let entries: Int
    /// How many events the views show.
    package let events: Int
    /// The head of the trail; null for an empty one.
    package let anchor: Anchor?
    /// The prunes that the trail tells of, oldest first: what is missing by their word.
    package let gaps: [Gap]
    /// All that is not in order, at most `findingLimit` of them.
    package let findings: [AuditFinding]

    /// How many findings are kept one by one.
    package static let findingLimit = 1000

    /// The entries that one prune dropped from the beginning of the trail.
    package struct Gap: Hashable, Sendable, CustomStringConvertible {
        /// The last entry dropped. The first is the one after the gap before, or entry 1.
        package let through: Int64
        /// How many entries were dropped.
        package let entries: Int64
        /// How many events went with them.
        package let events: Int64
        /// The time of the last entry dropped.
        package let lastAt: String
        /// When the prune was made.
        package let prunedAt: String

        /// One line.
        package var description: String {
            "entries \(through - entries + 1) to \(through), until \(lastAt), were pruned at \(prunedAt), "
                + "with \(events) events that they alone told of"
        }
    }
}

extension LedgerReader {
    /// Recomputes the chain over the trail, holds both views against it, every column but `deliveries`, and has SQLite
    /// check the file.
    ///
    /// The trail and the views are read in short pages, beside workers that write, and with the memory of one page. SQLite
    /// checks one table at a time, for which workers wait: some seconds for a gigabyte.
    ///
    /// - Parameters:
    ///   - anchor: A head of the trail from an earlier time, which must still be in it.
    ///   - progress: Called with the share done, from 0 to 1.
    /// - Returns: What was found; the ledger is in order where there are no findings.
    /// - Throws: `LedgerError` when the ledger cannot be read.
    package func verify(
        anchor: Anchor? = nil,
        progress: @escaping (Double) -> Void = { _ in }
    ) throws -> AuditVerification {
        while true {
            do {
                let before = try read(Self.beginning)
                let found = try AuditVerifier(reader: self, anchor: anchor, progress: progress).run()
                // A prune under way moves the beginning of the trail: what was missed then is no finding.
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
