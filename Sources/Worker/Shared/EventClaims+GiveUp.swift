import Ledger

extension EventClaims {
    /// Gives up the claim of a run that does not go on, so that the next delivery of its event runs at once.
    ///
    /// If this run or one before it may have reverted a rule, the next run takes over from it, and counts a missing rule as
    /// reverted. If the ledger or the table cannot be written now, the lease there ends by itself.
    func giveUp(_ claim: Claim, mayHaveReverted: Bool) async {
        let isTakenOver = mayHaveReverted || claim.isTakeover
        _ = try? await writer.writeOnce { transaction in
            if isTakenOver {
                _ = try transaction.renew([claim], for: .zero)
            } else {
                try transaction.release(claim)
            }
        }
        guard let hold = claim.shared else { return }
        if isTakenOver {
            try? await shared.abandon(hold)
        } else {
            try? await shared.release(hold)
        }
    }
}
