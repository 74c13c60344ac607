import AWSClient
import SecurityGroups
import Synchronization

/// The clients of EC2, one for each account and Region. They are kept, because a client's quota of retries is part of
/// its state.
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
        // Accounts that use the same session share its clients.
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
    /// True if calls in this place use a role of its account instead of the worker's own credentials.
    func usesRole(in place: Place) -> Bool {
        roles?.isForeign(place.account) == true
    }
}

extension AWSServiceError {
    /// True if EC2 does not know a rule or a group: it is gone, not yet visible, or one of several.
    var saysNotFound: Bool {
        ["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"].contains(code)
    }
}

extension Error {
    /// True if AWS asks for fewer calls.
    var isThrottling: Bool { (self as? AWSServiceError)?.isThrottling == true }

    /// True if a call of this action that failed so may have had its effect: it got no response, or the service failed on its own
    /// side. A call that was refused had none, and neither had one for which there were no credentials.
    func mayFollowEffect(of action: String) -> Bool {
        switch self as any Error {
        case let error as AWSServiceError: error.operation == action && (error.isTransient || error.mayFollowEffect)
        case AWSClientError.transport(_, let operation, _), AWSClientError.unreadableResponse(_, let operation, _):
            operation == action
        case is AWSClientError: false
        default: true
        }
    }

    /// True if the service asks for fewer calls of this action.
    func isThrottling(of action: String) -> Bool {
        isThrottling && (self as? AWSServiceError)?.operation == action
    }
}
