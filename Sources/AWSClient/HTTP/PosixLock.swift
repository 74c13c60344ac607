import Foundation

/// A value behind a POSIX mutex.
///
/// It replaces `Mutex` where threads really contend. `Mutex` waits by futex, which ThreadSanitizer does not see: it
/// then reports races that are none, and misses real ones.
final class PosixLock<Value: Sendable>: Sendable {
    private let mutex = NSLock()
    // Safe: only `withLock` reads and writes it, between `lock()` and `unlock()`. No two threads use it at the same time, and each
    // sees what the one before wrote. `Value` is `Sendable`, so a copy that `body` hands out shares nothing with it.
    private nonisolated(unsafe) var value: Value

    init(_ value: Value) {
        unsafe self.value = value
    }

    /// Calls `body` with exclusive access to the value.
    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return try unsafe body(&value)
    }
}
