import AWSClient
import Ledger

/// A way to tell people. Each channel has a delivery state of its own in the outbox, so that none holds up another.
protocol NotificationChannel: Sendable {
    /// The name in the outbox and in the log, the same in every run.
    var name: String { get }
    /// Delivers a notice. Returns once the other side has it.
    func deliver(_ notice: Notice) async throws
}
