extension Claim {
    /// The claim together with a hold in the shared table, and what the table knows of runs on other hosts.
    package func joined(with shared: SharedClaim) -> Claim {
        var claim = self
        claim.shared = shared
        if let matched = shared.matchedRuleIDs {
            let own = matchedRuleIDs ?? []
            claim.matchedRuleIDs = own + matched.filter { !own.contains($0) }
        }
        claim.isTakeover = isTakeover || shared.isTakeover
        return claim
    }
}
