import Dispatch
import Foundation
import Synchronization

/// Handles SIGTERM and SIGINT: the first one asks for a graceful stop, the second one ends the process at once.
///
/// The signals arrive on a thread of their own, so that they are handled even if every other thread is blocked by a
/// write that nobody reads. For the same reason nothing is logged here.
final class TerminationSignals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameters:
    ///   - bound: The process ends this long after the first signal in any case.
    ///   - request: Asks for the graceful stop. It is called once.
    init(bound: Duration, request: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "signals", qos: .userInteractive)
        let count = Count()
        // On Linux, Dispatch replaces what the signal does by default, once it listens. A signal before that ends the process.
        sources = [SIGTERM, SIGINT].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard count.next() == 1 else { endProcess(1) }
                queue.asyncAfter(deadline: .now() + (bound / .seconds(1))) { endProcess(1) }
                request()
            }
            source.activate()
            return source
        }
    }

    /// Counts the signals.
    private final class Count: Sendable {
        private let number = Atomic(0)

        func next() -> Int { number.add(1, ordering: .relaxed).newValue }
    }

    /// Stops listening.
    func cancel() {
        for source in sources { source.cancel() }
    }
}
