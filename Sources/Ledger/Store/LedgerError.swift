/// The reason why the ledger could not be opened, read or written.
package enum LedgerError: Error, Hashable, CustomStringConvertible {
    /// Another claim has taken the event. The write of this claim was refused.
    case claimLost(eventID: String, fence: Int64)
    /// There is no file to read.
    case missing(path: String)
    /// The path names a directory.
    case isDirectory(path: String)
    /// The file, or its directory, cannot be made, opened or written.
    case notAccessible(path: String, reason: String)
    /// Somebody else could change the file: it is a link, it belongs to another user, or others may write it.
    case notTrusted(path: String, problem: String)
    /// The file was moved, deleted or replaced while it was open, so nobody would read what is written.
    case replaced(path: String)
    /// The file is not a ledger.
    case notALedger(path: String)
    /// A newer version of the program has changed the file's tables.
    case fromTheFuture(path: String, version: Int, known: Int)
    /// A file exists at the path of a new file.
    case exists(path: String)
    /// The file system is shared with other hosts, and SQLite's locks do not hold there.
    case networkFileSystem(path: String)
    /// SQLite did not accept a setting that the ledger's safety depends on.
    case settingRefused(path: String, setting: String, value: String)
    /// Other processes kept the file locked for longer than the busy timeout.
    case busy(path: String)
    /// A killed worker left a half-done write, which only a writer may roll back.
    case needsRecovery(path: String)
    /// The file holds something that this program never writes.
    case damaged(path: String, detail: String)
    /// SQLite failed otherwise: a full disk, an I/O error.
    case failed(path: String, detail: String)

    /// One line: the problem, and what to do.
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

    /// True if the setting `--ledger`, or the file that it names, must be changed before another try can succeed. A
    /// lock that others hold, a full disk, and a file that cannot be opened yet end by themselves or by an operator.
    package var isSetting: Bool {
        switch self {
        case .isDirectory, .notTrusted, .notALedger, .fromTheFuture, .networkFileSystem: true
        case .claimLost, .missing, .notAccessible, .replaced, .exists, .settingRefused, .busy, .needsRecovery, .damaged,
            .failed:
            false
        }
    }
}
