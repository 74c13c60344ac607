import AWSClient
import Ledger

/// A way to tell people. Each channel has its own delivery state in the outbox, so that none delays another.
protocol NotificationChannel: Sendable {
    /// The name in the outbox and in the log. It is the same in every run.
    var name: String { get }
    /// Delivers a notice. Returns when the receiver has it.
    func deliver(_ notice: Notice) async throws
}
