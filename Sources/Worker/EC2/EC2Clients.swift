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
