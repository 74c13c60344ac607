import AWSClient
import Foundation
import Synchronization

/// The receives under way, so that one that hangs is abandoned and one that need not go on is cut.
///
/// The HTTP client has a deadline of its own. This one is for the day on which that fails, since a poller that waits for ever is
/// a worker that stopped without a word.
final class OpenPolls: Sendable {
    typealias Answer = Promise<[SQSMessage]>

    private typealias Open = (since: ContinuousClock.Instant, answer: Answer)

    /// The wish that the polls end that can be cut.
    let cutting = StopSignal()
    private let open = Mutex<[Open]>([])
    private let bound: Duration

    /// - Parameter bound: how long a receive may take.
    init(bound: Duration) {
        self.bound = bound
    }

    /// Notes a receive that begins.
    func begin(at now: ContinuousClock.Instant) -> Answer {
        let answer = Answer()
        open.withLock { $0.append((now, answer)) }
        return answer
    }

    /// Forgets a receive that ended.
    func end(_ answer: Answer) {
        open.withLock { $0.removeAll { $0.answer === answer } }
    }

    /// Abandons the receives that go on for longer than they can, until the task is cancelled.
    func watch(clock: WorkerClock) async {
        while (try? await clock.sleep(.seconds(10))) != nil {
            let now = clock.instant()
            let overdue = open.withLock { $0.filter { now - $0.since > bound }.map(\.answer) }
            for answer in overdue { answer.settle(.failure(PollAbandoned(bound: bound))) }
        }
    }
}

/// A receive that went on for longer than it can.
struct PollAbandoned: Error, CustomStringConvertible {
    let bound: Duration

    var description: String {
        "a receive did not end within \(bound.components.seconds) s and was abandoned with its connection; "
            + "check the network and proxy"
    }
}

/// A receive that nobody waits for, since the worker stops and has nothing in hand.
struct PollCut: Error {}
