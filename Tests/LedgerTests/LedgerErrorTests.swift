import GRDB
import Testing

@testable import Ledger

/// What SQLite says, as the ledger says it.
@Suite struct LedgerErrorTests {
    private static let path = "/var/lib/sg-revert/ledger.db"

    @Test(arguments: [
        (ResultCode.SQLITE_BUSY, LedgerError.busy(path: path)),
        (.SQLITE_LOCKED, .busy(path: path)),
        (.SQLITE_BUSY_SNAPSHOT, .busy(path: path)),
        (.SQLITE_NOTADB, .notALedger(path: path)),
        (.SQLITE_CORRUPT, .damaged(path: path, detail: "words")),
        (.SQLITE_CORRUPT_INDEX, .damaged(path: path, detail: "words")),
        (.SQLITE_CANTOPEN, .notAccessible(path: path, reason: "words")),
        (.SQLITE_CANTOPEN_ISDIR, .notAccessible(path: path, reason: "words")),
        (.SQLITE_READONLY, .notAccessible(path: path, reason: "words")),
        (.SQLITE_READONLY_DBMOVED, .notAccessible(path: path, reason: "words")),
        (.SQLITE_PERM, .notAccessible(path: path, reason: "words")),
        (.SQLITE_AUTH, .notAccessible(path: path, reason: "words")),
        (.SQLITE_READONLY_ROLLBACK, .needsRecovery(path: path)),
        (.SQLITE_READONLY_RECOVERY, .needsRecovery(path: path)),
        (.SQLITE_FULL, .failed(path: path, detail: "words")),
        (.SQLITE_IOERR, .failed(path: path, detail: "words")),
        (.SQLITE_IOERR_FSYNC, .failed(path: path, detail: "words")),
        (.SQLITE_CONSTRAINT, .failed(path: path, detail: "words")),
        (.SQLITE_TOOBIG, .failed(path: path, detail: "words")),
        (.SQLITE_ERROR, .failed(path: path, detail: "words")),
    ])
    func `an error of SQLite says what it means for the ledger`(_ code: ResultCode, _ expected: LedgerError) {
        let error = DatabaseError(resultCode: code, message: "words")
        #expect(LedgerError.translate(error, path: Self.path) as? LedgerError == expected)
    }

    @Test func `an error without words has SQLite's number in their place`() {
        let error = LedgerError.translate(DatabaseError(resultCode: .SQLITE_FULL), path: Self.path)
        guard case .failed(_, let detail)? = error as? LedgerError else {
            Issue.record("\(error)")
            return
        }
        #expect(!detail.isEmpty)
    }

    @Test func `an error that is not SQLite's stays what it is`() {
        struct Other: Error {}
        #expect(LedgerError.translate(Other(), path: Self.path) is Other)
        let own = LedgerError.claimLost(eventID: "e", fence: 3)
        #expect(LedgerError.translate(own, path: Self.path) as? LedgerError == own)
        #expect(LedgerError.translate(CancellationError(), path: Self.path) is CancellationError)
    }

    /// Each error, what its line must say besides the path, and whether the setting is at fault.
    private static let lines: [(LedgerError, [String], Bool)] = [
        (.claimLost(eventID: "e1", fence: 7), ["claim 7", "e1", "leave the message to the queue"], false),
        (.missing(path: path), [path, "--ledger"], false),
        (.isDirectory(path: path), [path, "\(path)/ledger.db"], true),
        (.notAccessible(path: path, reason: "why"), [path, "why", "check the path"], false),
        (.notTrusted(path: path, problem: "why"), [path, "why", "not safe"], true),
        (.replaced(path: path), [path, "nothing was written", "restart the worker"], false),
        (.notALedger(path: path), [path, "--ledger"], true),
        (.fromTheFuture(path: path, version: 9, known: 1), [path, "version 9", "up to 1", "newer sg-revert"], true),
        (.exists(path: path), [path, "remove it first"], false),
        (.networkFileSystem(path: path), [path, "local disk"], true),
        (.settingRefused(path: path, setting: "synchronous", value: "0"), [path, "synchronous=0"], false),
        (.busy(path: path), [path, "ten seconds"], false),
        (.needsRecovery(path: path), [path, "start a worker on it"], false),
        (.damaged(path: path, detail: "why"), [path, "why", "backup"], false),
        (.failed(path: path, detail: "why"), [path, "why", "check the disk"], false),
    ]

    @Test(arguments: lines)
    func `each error is a line that names the file, the problem and the way out`(
        _ error: LedgerError,
        _ words: [String],
        _ isSetting: Bool
    ) {
        for word in words { #expect(error.description.contains(word)) }
        #expect(!error.description.contains("\n") && error.isSetting == isSetting)
    }

    @Test func `no two errors read the same`() {
        #expect(Set(Self.lines.map(\.0.description)).count == Self.lines.count)
    }
}
