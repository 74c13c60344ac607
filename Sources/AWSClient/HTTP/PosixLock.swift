import Foundation

/// A value behind a POSIX mutex.
///
/// It replaces `Mutex` where threads really contend. `Mutex` waits by futex, which ThreadSanitizer does not see: it
/// then reports races that are none, and misses real ones.
///
/// `@unchecked Sendable` is safe. The class has two stored properties. `mutex` is a constant, and `NSLock` is `Sendable`. `value`
/// is private, and only `withLock` reads and writes it, between `lock()` and `unlock()`: no two threads use it at the same time,
/// and each sees what the one before wrote. `Value` is `Sendable`, so a copy that `body` hands out shares nothing with it.
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
