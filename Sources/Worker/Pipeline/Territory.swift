import AWSClient
import SecurityGroups

/// Where the worker acts, and whose messages it believes.
struct Territory: Sendable {
    /// The Regions of the settings; nil for the queue's own.
    var regions: Set<String>?
    /// The accounts of the settings; nil for our own.
    var accounts: Set<String>?
    /// The Region of the queue.
    var queueRegion: String
    /// The account that the queue's URL names; it stands for our own until STS has answered.
    var queueAccount: String?
    /// The ids of who may send messages; empty for anybody.
    var trustedSenders: Set<String> = []

    /// True if events of this place are acted on. The policy adds the places that it names.
    func covers(_ place: Place, policy: Policy, own: AccountID?) -> Bool {
        coversRegion(place.region.description, policy) && coversAccount(place.account?.description, policy, own)
    }

    private func coversRegion(_ region: String, _ policy: Policy) -> Bool {
        if let regions { return regions.contains(region) }
        return region == queueRegion || policy.namedRegions.contains(region)
    }

    private func coversAccount(_ account: String?, _ policy: Policy, _ own: AccountID?) -> Bool {
        // A record of long ago does not say its account; then it is judged by where its group is.
        guard let account else { return true }
        if let accounts { return accounts.contains(account) || policy.namedAccounts.contains(account) }
        let ours = [own?.description, queueAccount].compactMap(\.self)
        return ours.isEmpty || ours.contains(account) || policy.namedAccounts.contains(account)
    }

    /// True if SQS attests a sender who is believed: a user's id, or of a role's session the id before the colon.
    func trusts(_ message: SQSMessage) -> Bool {
        guard !trustedSenders.isEmpty else { return true }
        guard let sender = message.systemAttributes["SenderId"] else { return false }
        return trustedSenders.contains(sender)
            || trustedSenders.contains(String(sender.prefix { $0 != ":" }))
    }
}
