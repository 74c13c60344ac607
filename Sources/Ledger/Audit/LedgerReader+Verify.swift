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
