import AWSClient
import Formats
import Ledger
import Logging

/// Keeps messages in hand: it extends the visibility timeout of each message and the lease of each claim until the
/// message is done.
///
/// Work on a message that another worker may have is stopped. While nothing is in hand, nothing is sent.
struct Heartbeat: Sendable {
    let queue: WorkQueue
    let claims: EventClaims
    let hand: Hand
    let queueState: QueueState
    let clock: WorkerClock
    let logger: Logger

    /// The longest time for which SQS hides a message, counted from its receive.
    private static let longestHold: Duration = .seconds(43_200)
    /// The time between two checks of the messages in hand.
    private static let period: Duration = .seconds(1)

    /// Runs until the task is cancelled.
    ///
    /// - Parameter beaten: Called after each check with the number of messages in hand.
    func run(lease: Duration, beaten: (Int) -> Void) async {
        await withDiscardingTaskGroup { group in
            while true {
                do {
                    try await hand.filled()
                    try await clock.sleep(Self.period)
                } catch {
                    return
                }
                let now = clock.instant()
                let all = hand.all
                let due = all.filter { $0.hiding.dueAt <= now }
                let claims = all.compactMap { held in
                    held.claimToRenew(at: now, every: lease / 3).map { (held, $0) }
                }
                // The leases are not waited for: a ledger that others keep locked must not let messages become visible.
                if !claims.isEmpty { group.addTask { await renew(claims) } }
                for chunk in extendable(due, at: now).chunks(of: 10) {
                    group.addTask { await extend(Array(chunk), at: now) }
                }
                beaten(all.count)
            }
        }
    }

    /// The messages that SQS can hide for longer. The others are lost.
    private func extendable(_ due: [HeldMessage], at now: ContinuousClock.Instant) -> [(HeldMessage, Duration)] {
        due.compactMap { held in
            let rest = Self.longestHold - (now - held.receivedAt) - .seconds(1)
            guard rest >= .seconds(1) else {
                lose(held, "SQS hides no message for more than 12 hours")
                return nil
            }
            let duration = min(queueState.hold, .seconds(rest.components.seconds))
            // Until SQS has answered, the message counts as hidden for the earlier time.
            held.hide(since: now, for: held.hiding.duration)
            held.extensionBegan()
            return (held, duration)
        }
    }

    private func extend(_ items: [(held: HeldMessage, duration: Duration)], at now: ContinuousClock.Instant) async {
        defer { for item in items { item.held.extensionEnded() } }
        do {
            let failures = try await queue.setVisibilities(items.map { ($0.held.message, $0.duration) })
            for (item, failure) in zip(items, failures) {
                if let failure {
                    failed(item.held, failure)
                } else {
                    item.held.hide(since: now, for: item.duration)
                }
            }
        } catch {
            logger.warning(
                "visibility not extended",
                metadata: ["messages": "\(items.count)", "error": "\(plainText("\(error)"))"]
            )
        }
    }

    private func failed(_ held: HeldMessage, _ failure: BatchEntryFailure) {
        if failure.isSenderFault { return lose(held, "\(failure)") }
        logger.warning(
            "visibility not extended",
            metadata: ["message.id": "\(held.message.messageID)", "error": "\(plainText("\(failure)"))"]
        )
    }

    private func renew(_ items: [(held: HeldMessage, claim: Claim)]) async {
        do {
            let ended = try await claims.renew(items.map(\.claim))
            // A run that is over finds out itself whose its event is. Its own end is no takeover.
            for item in items where ended.contains(item.claim) && item.held.claim == item.claim {
                lose(item.held, "another worker took its event over")
            }
        } catch {
            logger.warning("leases not renewed", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }

    private func lose(_ held: HeldMessage, _ reason: String) {
        guard held.lose() else { return }
        hand.letGo(held)
        logger.warning(
            "message lost, work on it stopped",
            metadata: ["message.id": "\(held.message.messageID)", "reason": "\(plainText(reason))"]
        )
    }
}
