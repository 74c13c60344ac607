import AWSClient
import Ledger
import Logging

/// Keeps what is in hand in hand: extends each message's visibility and each claim's lease until the message is done.
struct Heartbeat: Sendable {
    let queue: WorkQueue
    let writer: LedgerWriter
    let held: HeldMessages
    /// The queue's own visibility timeout, which each extension starts anew.
    let visibility: Duration
    let clock: WorkerClock
    let logger: Logger

    /// Beats three times in the shorter of a visibility timeout and a lease, until the task is cancelled.
    func run(lease: Duration) async {
        let period = max(min(visibility, lease) / 3, .seconds(1))
        while !Task.isCancelled {
            guard (try? await clock.sleep(period)) != nil else { return }
            await beat()
        }
    }

    private func beat() async {
        let messages = held.all
        guard !messages.isEmpty else { return }
        await withDiscardingTaskGroup { group in
            for held in messages {
                group.addTask {
                    do {
                        try await queue.setVisibility(of: held.message, to: visibility)
                    } catch {
                        logger.warning(
                            "visibility not extended",
                            metadata: ["message.id": "\(held.message.messageID)", "error": "\(plainText("\(error)"))"]
                        )
                    }
                }
            }
            let claims = messages.compactMap(\.claim)
            group.addTask {
                do {
                    _ = try await writer.write { try $0.renew(claims) }
                } catch {
                    logger.warning("leases not renewed", metadata: ["error": "\(plainText("\(error)"))"])
                }
            }
        }
    }
}
