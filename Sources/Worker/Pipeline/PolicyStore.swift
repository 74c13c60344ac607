package import SecurityGroups
import Synchronization

/// The current policy. It can be replaced while the worker runs. Each message is judged by one policy from start to
/// end.
package final class PolicyStore: Sendable {
    private let policy: Mutex<Policy>

    /// Creates a store that holds `policy`.
    package init(_ policy: Policy) {
        self.policy = Mutex(policy)
    }

    /// The current policy.
    package var current: Policy {
        policy.withLock(\.self)
    }

    /// Uses `policy` from the next message on.
    package func replace(with policy: Policy) {
        self.policy.withLock { $0 = policy }
    }
}
