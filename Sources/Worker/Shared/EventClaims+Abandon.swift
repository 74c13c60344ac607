import Ledger

extension EventClaims {
    /// Ends the leases of a run that does not go on, so that the next delivery of its event runs at once.
    ///
    /// The next run takes over from this one, because this one may have reverted a rule. If the ledger or the table cannot be
    /// written now, the lease there ends by itself.
    func abandon(_ claim: Claim) async {
        _ = try? await writer.writeOnce { try $0.renew([claim], for: .zero) }
        if let hold = claim.shared { try? await shared.abandon(hold) }
    }
}
