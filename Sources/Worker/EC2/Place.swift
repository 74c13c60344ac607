import AWSClient
import SecurityGroups

/// Where a call goes: one account, one Region.
struct Place: Hashable, Sendable {
    let account: AccountID?
    let region: AWSRegion
}
