import AWSClient
import Formats
import Foundation
import Ledger
import Logging

/// Keeps what is in hand in hand: extends each message's visibility and each claim's lease until the message is done.
///
/// What turns out to be no longer ours is stopped: another worker may have it.
struct Heartbeat: Sendable {
    let queue: WorkQueue
    let writer: LedgerWriter
    let held: HeldMessages
    /// The queue's own visibility timeout, which each extension starts anew.
    let visibility: Duration
    let clock: WorkerClock
    let logger: Logger

    /// How long SQS lets a message be hidden, counted from its receive.
    private static let longestHold: TimeInterval = 43_200

    /// Beats three times in the shorter of a visibility timeout and a lease, until the task is cancelled.
    ///
    /// - Parameter beaten: called after each beat with how many messages it found in hand.
    func run(lease: Duration, beaten: (Int) -> Void) async {
        let period = max(min(visibility, lease) / 3, .seconds(1))
        await withDiscardingTaskGroup { renewals in
            while (try? await clock.sleep(period)) != nil {
                let messages = held.all
                // Not waited for: a ledger that others keep locked must not cost us the messages.
                renewals.addTask { await renew(messages) }
                await withDiscardingTaskGroup { group in
                    for held in messages {
                        group.addTask { await extend(held) }
                    }
                }
                beaten(messages.count)
            }
        }
    }

    private func extend(_ item: HeldMessages.Held) async {
        let rest = Self.longestHold - clock.now().timeIntervalSince(item.receivedAt) - 1
        guard rest > 0 else { return lose(item, "SQS hides no message for more than 12 hours") }
        do {
            // Some queues hide for so short a time that no extension could come in time for the next.
            let duration = max(visibility, .seconds(10))
            try await queue.setVisibility(of: item.message, to: min(duration, .seconds(Int(rest))))
        } catch let failure as BatchEntryFailure where failure.isSenderFault {
            lose(item, "\(failure)")
        } catch {
            logger.warning(
                "visibility not extended",
                metadata: ["message.id": "\(item.message.messageID)", "error": "\(plainText("\(error)"))"]
            )
        }
    }

    private func renew(_ messages: [HeldMessages.Held]) async {
        let claims = messages.compactMap(\.claim)
        guard !claims.isEmpty else { return }
        do {
            let ended = try await writer.writeOnce { try $0.renew(claims) }
            for item in messages where item.claim.map(ended.contains) == true {
                lose(item, "another worker took its event over")
            }
        } catch {
            logger.warning("leases not renewed", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }

    private func lose(_ item: HeldMessages.Held, _ reason: String) {
        guard held.lose(item.message) else { return }
        logger.warning(
            "message lost, work on it stopped",
            metadata: ["message.id": "\(item.message.messageID)", "reason": "\(plainText(reason))"]
        )
    }
}
