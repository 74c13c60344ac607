import AWSClient
import Foundation
import Synchronization

/// The receives under way. One that hangs is abandoned, and one that need not go on is cut.
///
/// The HTTP client has a deadline of its own. This is a second one in case the first fails, because a poller that waits
/// for ever is a worker that has stopped silently.
final class OpenPolls: Sendable {
    typealias Answer = Promise<[SQSMessage]>

    private typealias Open = (since: ContinuousClock.Instant, answer: Answer)

    /// Asks for the end of the polls that can be cut.
    let cutting = StopSignal()
    private let open = Mutex<[Open]>([])
    private let bound: Duration

    /// - Parameter bound: The longest time of a receive.
    init(bound: Duration) {
        self.bound = bound
    }

    /// Notes that a receive starts.
    func begin(at now: ContinuousClock.Instant) -> Answer {
        let answer = Answer()
        open.withLock { $0.append((now, answer)) }
        return answer
    }

    /// Notes that a receive ended.
    func end(_ answer: Answer) {
        open.withLock { $0.removeAll { $0.answer === answer } }
    }

    /// Abandons receives that take longer than the bound, until the task is cancelled.
    func watch(clock: WorkerClock) async {
        while (try? await clock.sleep(toNext: .seconds(10))) != nil {
            let now = clock.instant()
            let overdue = open.withLock { $0.filter { now - $0.since > bound }.map(\.answer) }
            for answer in overdue { answer.settle(.failure(PollAbandoned(bound: bound))) }
        }
    }
}

/// A receive took longer than its bound.
struct PollAbandoned: Error, CustomStringConvertible {
    let bound: Duration

    var description: String {
        "a receive did not end within \(bound.components.seconds) s and was abandoned with its connection; "
            + "check the network and proxy"
    }
}

/// A receive was cut, because the worker stops and has nothing in hand.
struct PollCut: Error {}
