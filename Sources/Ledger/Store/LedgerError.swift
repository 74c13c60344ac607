/// Why the ledger could not be opened, read or written.
package enum LedgerError: Error, Hashable, CustomStringConvertible {
    /// Another claim has taken the event since: what this one wanted to write was not written.
    case claimLost(eventID: String, fence: Int64)
    /// There is no file to read.
    case missing(path: String)
    /// The path names a directory.
    case isDirectory(path: String)
    /// The file, or its directory, cannot be made, opened or written.
    case notAccessible(path: String, reason: String)
    /// Somebody else could change the file: it is a link, another user's, or others may write it.
    case notTrusted(path: String, problem: String)
    /// The file was moved, deleted or replaced while it was open: what is written would reach nobody.
    case replaced(path: String)
    /// The file is something else.
    case notALedger(path: String)
    /// A newer version of the program has migrated it.
    case fromTheFuture(path: String, version: Int, known: Int)
    /// There is a file already where a new one is to be made.
    case exists(path: String)
    /// Its file system is shared with other hosts, where SQLite's locks do not hold.
    case networkFileSystem(path: String)
    /// SQLite did not take a setting on which the ledger's safety rests.
    case settingRefused(path: String, setting: String, value: String)
    /// Others kept it locked for longer than the busy timeout.
    case busy(path: String)
    /// A killed worker left a write half done, which only a writer may roll back.
    case needsRecovery(path: String)
    /// The file holds what this program never writes.
    case damaged(path: String, detail: String)
    /// SQLite failed otherwise: a full disk, an I/O error.
    case failed(path: String, detail: String)

    /// One line: what is wrong, and what to do.
    package var description: String {
        switch self {
        case .claimLost(let eventID, let fence):
            "claim \(fence) of event \(eventID) has ended: another worker may have it; leave the message to the queue"
        case .missing(let path):
            "\(path): there is no ledger; name the file that the worker writes with --ledger"
        case .isDirectory(let path):
            "\(path): this is a directory; --ledger must name a file in it, such as \(path)/ledger.db"
        case .notAccessible(let path, let reason):
            "\(path): cannot open the ledger: \(reason); check the path and who may read and write it"
        case .notTrusted(let path, let problem): "\(path): the ledger is not safe to use: \(problem)"
        case .replaced(let path):
            "\(path): the ledger was moved, deleted or replaced while it was open; nothing was written: put the file back, or "
                + "restart the worker to begin with the file that is there; until then events wait in the queue"
        case .notALedger(let path):
            "\(path): this is not a ledger of sg-revert; name another file with --ledger"
        case .fromTheFuture(let path, let version, let known):
            "\(path): the ledger has version \(version), this program knows up to \(known); use the newer sg-revert"
        case .exists(let path):
            "\(path): there is a file already; name a new one, or remove it first"
        case .networkFileSystem(let path):
            "\(path): the ledger is on a network file system, where SQLite's locks do not hold; use a local disk"
        case .settingRefused(let path, let setting, let value):
            "\(path): SQLite answers \(setting)=\(value); stop whatever else has the ledger open and try again"
        case .busy(let path):
            "\(path): others kept the ledger locked for over ten seconds; stop what holds it open (a shell, a backup)"
        case .needsRecovery(let path):
            "\(path): a stopped worker left a write half done; start a worker on it once, then read it again"
        case .damaged(let path, let detail):
            "\(path): the ledger is damaged: \(detail); restore it from a backup, or move it away to begin a new one"
        case .failed(let path, let detail):
            "\(path): SQLite failed: \(detail); check the disk"
        }
    }

    /// True where the setting `--ledger`, or the file that it names, has to be changed before another try can succeed.
    /// A lock that others hold, a full disk, or a file that may not be opened yet is over by itself, or by an operator.
    package var isSetting: Bool {
        switch self {
        case .isDirectory, .notTrusted, .notALedger, .fromTheFuture, .networkFileSystem: true
        case .claimLost, .missing, .notAccessible, .replaced, .exists, .settingRefused, .busy, .needsRecovery, .damaged,
            .failed:
            false
        }
    }
}
