import Foundation

/// A value behind a POSIX mutex.
///
/// Where threads really contend, in place of `Mutex`: that one waits by futex, which ThreadSanitizer does not see, so that
/// it reports races that are none and hides those that are.
///
/// Sendable, unchecked by the compiler: `value` is touched in `withLock` alone, while the mutex is held.
final class PosixLock<Value: Sendable>: @unchecked Sendable {
    private let mutex = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    /// Gives `body` the value to itself.
    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return try body(&value)
    }
}
