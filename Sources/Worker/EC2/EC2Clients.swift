import AWSClient
import SecurityGroups
import Synchronization

/// The clients of EC2: one for each account and Region, since a client's quota of retries is worth only what it remembers.
final class EC2Clients: Sendable {
    private let session: AWSSession
    private let roles: AccountRoles?
    private let clients = Mutex<[Place: EC2Client]>([:])

    init(session: AWSSession, roles: AccountRoles?) {
        self.session = session
        self.roles = roles
    }

    func client(in place: Place) throws -> EC2Client {
        let session = try roles?.session(account: place.account) ?? session
        // Accounts that one session serves share its clients.
        let key = Place(account: roles?.isForeign(place.account) == true ? place.account : nil, region: place.region)
        return try clients.withLock { clients in
            if let client = clients[key] { return client }
            let client = try session.ec2(region: place.region)
            clients[key] = client
            return client
        }
    }
}

extension EC2Clients {
    /// True where calls for a place are made in a role of its account, and not with our own credentials.
    func usesRole(in place: Place) -> Bool {
        roles?.isForeign(place.account) == true
    }
}

extension AWSServiceError {
    /// True where EC2 says that it does not know a rule or a group: gone, not yet visible, or one of several.
    var saysNotFound: Bool {
        ["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"].contains(code)
    }
}

extension Error {
    /// True where AWS asks for fewer calls.
    var isThrottling: Bool { (self as? AWSServiceError)?.isThrottling == true }
}
