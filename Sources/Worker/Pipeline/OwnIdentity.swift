import AWSClient
import Formats
import SecurityGroups
import Synchronization

/// The identity of the worker's credentials. STS is asked in the background, and no revert waits for the answer.
final class OwnIdentity: Sendable {
    private let session: AWSSession
    private let known = Mutex<CallerIdentity?>(nil)
    private let roles = Mutex<AccountRoles?>(nil)

    init(session: AWSSession) {
        self.session = session
    }

    /// The identity; nil until STS has answered.
    var caller: CallerIdentity? { known.withLock(\.self) }

    /// The worker's role; nil for a user, or until STS has answered.
    var role: OwnRole? { caller.flatMap { OwnRole(callerARN: $0.arn) } }

    /// The worker's account; nil until STS has answered.
    var account: AccountID? { caller.flatMap { AccountID($0.account) } }

    /// Treats the roles in other accounts as the worker's own, too.
    func use(_ roles: AccountRoles?) {
        self.roles.withLock { $0 = roles }
    }

    /// True if a call by this issuer was made by a worker of this deployment, or by somebody who uses its role.
    func isIssuer(_ issuerARN: String) -> Bool {
        role?.isIssuer(issuerARN) == true || roles.withLock(\.self)?.isIssuer(issuerARN) == true
    }

    /// Asks STS until it answers. A process keeps its identity, so one answer is enough.
    func find(
        clock: WorkerClock,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) async {
        let backoff = Backoff(base: .seconds(1), cap: .seconds(60), random: random)
        for attempt in 1... {
            if await ask() != nil { return }
            guard (try? await clock.sleep(backoff.pause(after: attempt) + .milliseconds(200))) != nil else { return }
        }
    }

    /// Asks STS once, unless the answer is known.
    func ask() async -> CallerIdentity? {
        if let caller { return caller }
        guard let found = try? await session.sts().getCallerIdentity() else { return nil }
        known.withLock { $0 = found }
        return found
    }
}
