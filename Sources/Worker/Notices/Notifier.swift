import AWSClient
import Formats
import Ledger
import Logging

/// Sends the ledger's notices, after the revert and after the delete, so that trouble with a channel delays neither.
///
/// Each channel has its own state in the outbox and its own task, so that one that fails or hangs delays no other.
struct Notifier: Sendable {
    let writer: LedgerWriter
    /// The current channels.
    let channels: @Sendable () -> [any NotificationChannel]
    let backoff: Backoff
    let clock: WorkerClock
    let logger: Logger

    /// The time for which a notice belongs to the worker that took it.
    private static let lease: Duration = .seconds(60)
    /// The longest time of one delivery. It is shorter than the lease.
    private static let bound: Duration = .seconds(45)

    /// Sends due notices each time that `wakes` yields and every few seconds, and once more when `wakes` ends.
    func run(wakes: AsyncStream<Void>) async {
        let (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in wakes { look.yield() }
                look.finish()
            }
            group.addTask {
                // The timer is for notices that are due again, and for those that another worker did not finish.
                repeat { look.yield() } while (try? await clock.sleep(toNext: .seconds(5))) != nil
            }
            await withDiscardingTaskGroup { deliveries in
                let busy = BusyChannels()
                for await _ in looks { flush(busy, in: &deliveries) }
                flush(busy, in: &deliveries)
            }
            group.cancelAll()
        }
    }

    /// Starts a task for each channel that has none. A channel with a task is told that there is more to send.
    private func flush(_ busy: BusyChannels, in deliveries: inout DiscardingTaskGroup) {
        let all = channels()
        let names = all.map(\.name)
        for channel in all where busy.begin(channel.name) {
            deliveries.addTask {
                repeat { await send(by: channel, of: names) } while busy.end(channel.name)
            }
        }
    }

    private func send(by channel: any NotificationChannel, of names: [String]) async {
        do {
            while !Task.isCancelled {
                let notices = try await writer.writeOnce {
                    try $0.takeNotices(for: channel.name, of: names, limit: 10, lease: Self.lease)
                }
                guard !notices.isEmpty else { return }
                await withDiscardingTaskGroup { group in
                    for notice in notices {
                        group.addTask { await send(notice, by: channel) }
                    }
                }
            }
        } catch {
            logger.error("notices not read", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }

    private func send(_ notice: Notice, by channel: any NotificationChannel) async {
        do {
            do {
                try await clock.within(Self.bound, orThrow: DeliveryTimedOut(bound: Self.bound)) {
                    try await channel.deliver(notice)
                }
            } catch {
                logger.warning(
                    "notice not sent, will be tried again",
                    metadata: [
                        "notice.id": "\(plainText(notice.id))", "channel": "\(plainText(channel.name))",
                        "error": "\(plainText("\(error)"))",
                    ]
                )
                let message = "\(error)"
                let pause = backoff.pause(after: notice.attempt)
                try await writer.write {
                    try $0.noticeFailed(notice, for: channel.name, error: message, retryAfter: pause)
                }
                return
            }
            try await writer.write { try $0.noticeSent(notice, for: channel.name) }
        } catch {
            logger.error("notice not recorded", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}

/// A delivery took too long.
struct DeliveryTimedOut: Error, CustomStringConvertible {
    let bound: Duration

    var description: String { "the delivery did not end within \(bound.components.seconds) s" }
}
