import AWSClient
import Formats
import SecurityGroups

/// The roles that the worker assumes in other accounts.
struct AccountRoles: Sendable {
    private let sessions: RoleSessions
    /// The account of the worker's own credentials; nil until it is known.
    private let ownAccount: @Sendable () -> AccountID?

    init(_ sessions: RoleSessions, ownAccount: @escaping @Sendable () -> AccountID?) {
        self.sessions = sessions
        self.ownAccount = ownAccount
    }

    /// True for an account that is known to be another one.
    func isForeign(_ account: AccountID?) -> Bool {
        guard let account, let own = ownAccount() else { return false }
        return account != own
    }

    /// The session of the account's role; nil for the worker's own account, where its own credentials are used.
    func session(account: AccountID?) throws -> AWSSession? {
        guard let account, isForeign(account) else { return nil }
        return try sessions.session(account: account.description)
    }

    /// True if `issuerARN` is such a role, so that a worker of this deployment made the call.
    func isIssuer(_ issuerARN: String) -> Bool {
        guard let arn = ARN(issuerARN) else { return false }
        return sessions.arn(account: arn.account) == issuerARN
    }
}

extension AccountID {
    /// The account in a queue's URL, `https://HOST/ACCOUNT/NAME`; nil for an address of another form.
    init?(inQueueURL url: String) {
        let parts = url.split(separator: "/")
        guard parts.count >= 2 else { return nil }
        self.init(String(parts[parts.count - 2]))
    }
}
