import Foundation
import UnixSignals
import Worker

/// One command's work on the dead-letter queue.
struct DeadLetterWork: Sendable {
    let queue: DeadLetterQueue
    /// The URL of the queue from which the dead letters come.
    let sourceURL: String
    /// Ends the work early.
    let stop = StopSignal()
    private let interruption = StopSignal()

    /// Asks for a stop at the first SIGINT or SIGTERM, and ends the process at the second.
    func stopOnSignals() async {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) {
            if interruption.isRequested { endProcess(1) }
            interruption.request()
            stop.request()
        }
    }

    /// Throws if a signal has ended the work early.
    func checkUninterrupted() throws(RunFailure) {
        guard interruption.isRequested else { return }
        throw RunFailure(description: "stopped by a signal: the queue has back what was read and not moved")
    }
}
