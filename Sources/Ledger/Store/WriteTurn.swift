import Dispatch
import Glibc
import Synchronization

/// Makes the processes that share a ledger write in turns, in the order in which they ask.
///
/// Without it, writers would poll SQLite's lock with sleeps in between, and whoever polls at the right moment gets it.
/// So each write holds a lock of the kernel on a file beside the ledger for its whole transaction. The kernel wakes the
/// next writer at once, and SQLite's lock is then free.
///
/// There are two such locks, two bytes of the file. A writer takes the *queue*, then the *hold*, then leaves the queue.
/// A writer that has just written finds the next writer in the queue and waits behind it.
///
/// Only speed and fairness depend on it: if the file is removed, SQLite's lock still keeps writers apart.
final class WriteTurn: Sendable {
    private let path: String
    private let descriptor: Int32
    /// Waits for a lock in place of the writer, which in turn waits for this thread only for a limited time.
    private let waiter = DispatchQueue(label: "ledger-turn")
    private let waiting = Mutex(0)
    private let patience: Duration

    /// Opens the file of the locks.
    ///
    /// - Parameters:
    ///   - path: The path of the ledger. The file is `path` with `-turn`.
    ///   - patience: How long a write waits for others. A process that is stopped while it writes keeps them waiting.
    init(path: String, patience: Duration = .seconds(10)) throws {
        self.path = path
        self.patience = patience
        descriptor = try LedgerFile.openTurn(path + "-turn")
    }

    deinit {
        close(descriptor)
    }

    /// Runs `body` when this process has its turn.
    ///
    /// - Throws: The error of `body`, or `LedgerError.busy`.
    func take<T>(_ body: () throws -> T) throws -> T {
        if !tryNow() { try wait() }
        defer { unlock(.hold) }
        return try body()
    }

    private enum Part: off_t {
        case queue, hold
    }

    /// Takes the turn if no process has it or waits for it. A place in the queue that it got is kept for `wait()`.
    private func tryNow() -> Bool {
        // A wait that was given up may still get the locks. Until then only the waiter's thread touches them.
        guard waiting.withLock({ $0 == 0 }), lock(.queue, wait: false), lock(.hold, wait: false) else { return false }
        unlock(.queue)
        return true
    }

    private func wait() throws {
        let state = Waiting()
        waiting.withLock { $0 += 1 }
        waiter.async { [self] in
            _ = lock(.queue, wait: true)
            _ = lock(.hold, wait: true)
            unlock(.queue)
            if state.isSettled() { unlock(.hold) }
            waiting.withLock { $0 -= 1 }
            state.done.signal()
        }
        _ = state.done.wait(timeout: .now() + .nanoseconds(Int(patience / .nanoseconds(1))))
        guard state.isSettled() else { throw LedgerError.busy(path: path) }
    }

    /// A wait that ends either with the lock or by being given up, whichever comes first.
    private final class Waiting: Sendable {
        let done = DispatchSemaphore(value: 0)
        private let settled = Mutex(false)

        /// Ends the wait. Returns true if the other side ended it before.
        func isSettled() -> Bool {
            settled.withLock { settled in
                defer { settled = true }
                return settled
            }
        }
    }

    /// Takes a lock of the open file (`F_OFD_SETLK`, `F_OFD_SETLKW`), not of the process, so that two ledgers in one
    /// process exclude each other, too.
    private func lock(_ part: Part, wait: Bool) -> Bool {
        set(part, Int16(F_WRLCK), wait ? 38 : 37)
    }

    private func unlock(_ part: Part) {
        _ = set(part, Int16(F_UNLCK), 37)
    }

    private func set(_ part: Part, _ type: Int16, _ command: Int32) -> Bool {
        while true {
            var range = flock(l_type: type, l_whence: Int16(SEEK_SET), l_start: part.rawValue, l_len: 1, l_pid: 0)
            if unsafe fcntl(descriptor, command, &range) == 0 { return true }
            guard errno == EINTR else { return false }
        }
    }
}
