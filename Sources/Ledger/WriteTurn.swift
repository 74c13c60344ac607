import Glibc

/// Makes the processes that share a ledger write by turns.
///
/// SQLite lets whoever asks first have its write lock, and one that writes without a pause always asks first: others
/// see `busy` until they give up. So whoever wants the write lock first takes the turn, an flock on a file beside the
/// ledger, and keeps it only until it has the write lock. The one that has just written finds the turn taken, and
/// waits.
///
/// Nothing but fairness rests on it: where the file is removed, SQLite's lock still keeps writers apart.
final class WriteTurn: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Parameter path: The ledger's; the file is `path` with `-turn`.
    init(path: String) throws {
        self.path = path
        descriptor = open(path + "-turn", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LedgerError.notAccessible(path: path + "-turn", reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Runs `acquire`, which gets the write lock, in this process's turn.
    ///
    /// - Throws: What `acquire` throws, or `LedgerError.busy`.
    func take(_ acquire: () throws -> Void) throws {
        // Asked for again and again, since a process that is stopped in its turn must not stop the others without an
        // error.
        var tries = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard Self.wait(tries) else { throw LedgerError.busy(path: path) }
            tries += 1
        }
        defer { flock(descriptor, LOCK_UN) }
        try acquire()
    }

    /// Waits before one more try to get a lock; false after ten seconds of them.
    ///
    /// SQLite's own waits grow to a tenth of a second, in which other writers could commit ten times.
    @Sendable static func wait(_ tries: Int) -> Bool {
        guard tries < 5000 else { return false }
        usleep(2000)
        return true
    }
}
