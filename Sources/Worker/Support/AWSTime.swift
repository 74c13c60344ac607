import AWSClient
import Foundation
import Synchronization

/// The time of day by AWS's clocks, which wrote the times in the records.
///
/// The clock of the host may be wrong by minutes without anybody noticing. A clock that is ahead would make each event look old, so
/// that a rule that EC2 does not show yet would count as gone. SQS says when it handed out a message for the first time: for such a
/// message that is now, and it tells by how much the clock is wrong.
final class AWSTime: Sendable {
    private let clock: WorkerClock
    private let found = Mutex<TimeInterval>(0)

    /// A clock that is wrong by more than this cannot sign a request: what says so is not believed.
    private static let limit: TimeInterval = 3600

    init(clock: WorkerClock) {
        self.clock = clock
    }

    /// By how many seconds the host's clock is ahead.
    var error: TimeInterval { found.withLock(\.self) }

    /// The time of day.
    var now: Date { clock.now() - error }

    /// Takes what SQS says of messages that it has just handed out.
    func note(_ messages: [SQSMessage]) {
        let now = clock.now()
        for message in messages where message.receiveCount == 1 {
            guard let text = message.systemAttributes["ApproximateFirstReceiveTimestamp"],
                let milliseconds = Double(text)
            else { continue }
            let error = now.timeIntervalSince1970 - milliseconds / 1000
            guard abs(error) < Self.limit else { continue }
            found.withLock { $0 = error }
            return
        }
    }
}
