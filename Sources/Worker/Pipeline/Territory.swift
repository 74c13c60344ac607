import AWSClient
import SecurityGroups

/// The places where the worker acts, and the senders whose messages it believes.
struct Territory: Sendable {
    /// The Regions of the settings; nil for the queue's own.
    var regions: Set<String>?
    /// The accounts of the settings; nil for the worker's own.
    var accounts: Set<String>?
    /// The Region of the queue.
    var queueRegion: String
    /// The account in the queue's URL. It counts as the worker's own until STS has answered.
    var queueAccount: String?
    /// The ids of the senders that are believed; empty for all senders.
    var trustedSenders: Set<String> = []

    /// True if the worker acts on events of this place. The places that the policy names count, too.
    func covers(_ place: Place, policy: Policy, own: AccountID?) -> Bool {
        coversRegion(place.region.description, policy) && coversAccount(place.account?.description, policy, own)
    }

    private func coversRegion(_ region: String, _ policy: Policy) -> Bool {
        if let regions { return regions.contains(region) }
        return region == queueRegion || policy.namedRegions.contains(region)
    }

    private func coversAccount(_ account: String?, _ policy: Policy, _ own: AccountID?) -> Bool {
        // An old record does not tell its account. It is judged by the place of its group.
        guard let account else { return true }
        if let accounts { return accounts.contains(account) || policy.namedAccounts.contains(account) }
        let ours = [own?.description, queueAccount].compactMap(\.self)
        return ours.isEmpty || ours.contains(account) || policy.namedAccounts.contains(account)
    }

    /// True if the sender that SQS attests is believed: a user's id, or for a role's session the id before the colon.
    func trusts(_ message: SQSMessage) -> Bool {
        guard !trustedSenders.isEmpty else { return true }
        guard let sender = message.senderID else { return false }
        return trustedSenders.contains(sender)
            || trustedSenders.contains(String(sender.prefix { $0 != ":" }))
    }
}
