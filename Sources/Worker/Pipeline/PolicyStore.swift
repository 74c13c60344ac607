package import SecurityGroups
import Synchronization

/// The current policy. It can be replaced while the worker runs. Each message is judged by one policy from start to
/// end, but access that the worker adds is judged by the policy of the moment.
package final class PolicyStore: Sendable {
    private let policy: Mutex<Policy>
    /// The temporary exemptions of the ledger.
    private let exemptions = Mutex<[Exemption]>([])

    /// Creates a store that holds `policy`.
    package init(_ policy: Policy) {
        self.policy = Mutex(policy)
    }

    /// The policy that holds now, with the temporary exemptions of the ledger.
    package var current: Policy {
        policy.withLock(\.self).adding(exemptions.withLock(\.self))
    }

    /// Lets these temporary exemptions hold from the next message on.
    package func exempt(_ exemptions: [Exemption]) {
        self.exemptions.withLock { $0 = exemptions }
    }

    /// Uses `policy` from the next message on.
    package func replace(with policy: Policy) {
        self.policy.withLock { $0 = policy }
    }
}
