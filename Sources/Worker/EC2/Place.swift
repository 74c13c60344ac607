import AWSClient
import SecurityGroups

/// The place of a call: one account and one Region.
struct Place: Hashable, Sendable {
    let account: AccountID?
    let region: AWSRegion
}
