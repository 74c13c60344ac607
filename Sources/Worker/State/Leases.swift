import Ledger

/// Lets one worker at a time do what only one is to do.
package protocol Leases: Sendable {
    /// Takes or renews the lease `name` for `holder`.
    ///
    /// - Returns: true if the holder has it for `duration` from now.
    func lease(_ name: String, holder: String, for duration: Duration) async throws -> Bool
}

/// Leases in the ledger, for the workers that share it.
struct LedgerLeases: Leases {
    let writer: LedgerWriter

    func lease(_ name: String, holder: String, for duration: Duration) async throws -> Bool {
        try await writer.write { try $0.takeLease(name, holder: holder, for: duration) }
    }
}
