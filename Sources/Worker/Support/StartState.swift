import Synchronization

/// The readiness of the worker, with the reason if it has not started.
final class StartState: Sendable {
    private let reason = Mutex<String?>("it is starting")

    /// The reason why the worker has not started; nil once it has.
    var obstacle: String? { reason.withLock(\.self) }

    func failed(_ error: String) { reason.withLock { $0 = error } }

    func succeeded() { reason.withLock { $0 = nil } }
}

/// The places for which an outage was shown. When an outage is over, its gauge must show 0.
final class ShownOutages: Sendable {
    private let places = Mutex<Set<[String]>>([])

    func including(_ more: Set<[String]>) -> Set<[String]> {
        places.withLock {
            $0.formUnion(more)
            return $0
        }
    }
}
