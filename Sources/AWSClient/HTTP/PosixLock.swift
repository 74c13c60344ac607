import Foundation

/// A value behind a POSIX mutex.
///
/// It replaces `Mutex` where threads really contend. `Mutex` waits by futex, which ThreadSanitizer does not see: it
/// then reports races that are none, and misses real ones.
///
/// It is Sendable without a check by the compiler, because `value` is used only in `withLock`, while the mutex is held.
final class PosixLock<Value: Sendable>: @unchecked Sendable {
    private let mutex = NSLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    /// Calls `body` with exclusive access to the value.
    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return try body(&value)
    }
}
