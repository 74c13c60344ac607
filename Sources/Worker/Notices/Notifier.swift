import AWSClient
import Formats
import Ledger
import Logging
import SecurityGroups

/// Sends the ledger's notices to an SNS topic: after the revert and after the delete, so that trouble with SNS delays neither.
struct Notifier: Sendable {
    let sns: SNSClient
    let topicARN: String
    let writer: LedgerWriter
    let backoff: Backoff
    let clock: WorkerClock
    let logger: Logger

    /// For how long a worker that took a notice has it to itself.
    private static let lease: Duration = .seconds(60)

    /// Sends what is due each time that `wakes` says so and every few seconds, and once more when `wakes` ends.
    func run(wakes: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in wakes { await flush() }
                await flush()
            }
            group.addTask {
                // For the notices whose time has come again, and those that a worker left behind.
                repeat { await flush() } while (try? await clock.sleep(.seconds(5))) != nil
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func flush() async {
        do {
            while !Task.isCancelled {
                let notices = try await writer.writeOnce { try $0.takeNotices(limit: 10, lease: Self.lease) }
                guard !notices.isEmpty else { return }
                await withDiscardingTaskGroup { group in
                    for notice in notices {
                        group.addTask { await send(notice) }
                    }
                }
            }
        } catch {
            logger.error("notices not read", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }

    private func send(_ notice: Notice) async {
        do {
            do {
                let text = try NoticeText(notice)
                _ = try await sns.publish(
                    topicARN: topicARN,
                    subject: text.subject,
                    message: text.body,
                    attributes: ["notice_id": notice.id, "outcome": notice.kind].merging(
                        notice.eventID.map { ["event_id": $0] } ?? [:]
                    ) { $1 }
                )
            } catch {
                logger.warning(
                    "notice not sent, will be tried again",
                    metadata: ["notice.id": "\(plainText(notice.id))", "error": "\(plainText("\(error)"))"]
                )
                let message = "\(error)"
                let pause = backoff.pause(after: notice.attempt)
                try await writer.write { try $0.noticeFailed(notice, error: message, retryAfter: pause) }
                return
            }
            try await writer.write { try $0.noticeSent(notice) }
        } catch {
            logger.error("notice not recorded", metadata: ["error": "\(plainText("\(error)"))"])
        }
    }
}
