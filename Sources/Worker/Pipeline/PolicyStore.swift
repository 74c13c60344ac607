package import SecurityGroups
import Synchronization

/// The policy that holds now. It can be swapped while the worker runs: each message is judged by one policy, from its
/// start to its end.
package final class PolicyStore: Sendable {
    private let policy: Mutex<Policy>

    /// A store that holds `policy`.
    package init(_ policy: Policy) {
        self.policy = Mutex(policy)
    }

    /// The policy that holds now.
    package var current: Policy {
        policy.withLock(\.self)
    }

    /// Lets `policy` hold from the next message on.
    package func replace(with policy: Policy) {
        self.policy.withLock { $0 = policy }
    }
}
