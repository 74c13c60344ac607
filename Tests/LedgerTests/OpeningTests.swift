import Foundation
import GRDB
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Ledger

@Suite struct OpeningTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func open(_ path: String) throws -> LedgerDatabase {
        try LedgerDatabase(path: path, worker: "one") { [test] in test.now }
    }

    @Test func `the file is its owner's alone, as are the directories made for it`() throws {
        let path = test.directory + "/a/b/ledger.db"
        _ = try open(path)
        #expect(try mode(path) == 0o600 && mode(path + "-turn") == 0o600)
        #expect(try mode(test.directory + "/a/b") == 0o700 && mode(test.directory + "/a") == 0o700)
    }

    @Test func `a ledger opens again with what it held`() async throws {
        try await test.open().finish("e", RunResult(outcome: .allowed))
        #expect(try await test.open().claim("e") == .duplicate(.allowed))
    }

    @Test func `a ledger that somebody turned to WAL is turned back`() async throws {
        _ = try test.open()
        try await DatabaseQueue(path: test.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = WAL")
        }
        #expect(try test.value("PRAGMA journal_mode") == "wal")
        let lines = Mutex<[String]>([])
        try await test.open { line in lines.withLock { $0.append(line) } }.finish("e", RunResult(outcome: .allowed))
        #expect(try test.value("PRAGMA journal_mode") == "delete")
        #expect(lines.withLock(\.count) == 1)
    }

    @Test func `a ledger from the future is refused, and left alone`() throws {
        _ = try test.open()
        try test.execute("PRAGMA user_version = 99")
        let future = LedgerError.fromTheFuture(path: test.path, version: 99, known: 1)
        #expect(throws: future) { try test.open() }
        #expect(throws: future) { try LedgerReader(path: test.path) }
        #expect(try test.value("PRAGMA user_version") == "99")
    }

    @Test func `the place of a ledger is checked without a trace`() throws {
        #expect(try !LedgerDatabase.checkPlace(test.path))
        #expect(try !LedgerDatabase.checkPlace(test.directory + "/new/folder/ledger.db"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.directory).isEmpty)
        _ = try test.open()
        #expect(try LedgerDatabase.checkPlace(test.path))
    }

    @Test func `a place in which a worker could not write is refused before it starts`() throws {
        _ = try test.open()
        let inFile = test.path + "/ledger.db"
        #expect(throws: LedgerError.notAccessible(path: inFile, reason: "\(test.path) is no folder")) {
            try LedgerDatabase.checkPlace(inFile)
        }
        let link = test.directory + "/link.db"
        #expect(symlink(test.path, link) == 0)
        #expect(throws: LedgerError.self) { try LedgerDatabase.checkPlace(link) }
        chmod(test.path, 0o666)
        #expect(throws: LedgerError.self) { try LedgerDatabase.checkPlace(test.path) }
        // No file system takes a file here.
        #expect(throws: LedgerError.self) { try LedgerDatabase.checkPlace("/proc/ledger.db") }
    }

    @Test func `a directory is refused`() {
        #expect(throws: LedgerError.isDirectory(path: test.directory)) { try open(test.directory) }
        #expect(throws: LedgerError.isDirectory(path: test.directory)) { try LedgerReader(path: test.directory) }
    }

    @Test(arguments: [
        "not a database, and longer than the header that SQLite looks for, 100 bytes or so, as this one now is"
    ])
    func `a file of another kind is refused, and left alone`(_ text: String) throws {
        try text.write(toFile: test.path, atomically: false, encoding: .utf8)
        #expect(throws: LedgerError.notALedger(path: test.path)) { try test.open() }
        #expect(throws: LedgerError.notALedger(path: test.path)) { try LedgerReader(path: test.path) }
        #expect(try String(contentsOfFile: test.path, encoding: .utf8) == text)
    }

    @Test func `another program's database is refused, and left alone`() async throws {
        try await DatabaseQueue(path: test.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)")
        }
        #expect(throws: LedgerError.notALedger(path: test.path)) { try test.open() }
        #expect(try test.value("PRAGMA journal_mode") == "wal")
        #expect(try test.value("SELECT count(*) FROM sqlite_master") == "1")
    }

    @Test func `a path below a file cannot be made`() throws {
        try "".write(toFile: test.directory + "/file", atomically: false, encoding: .utf8)
        for path in ["/file/ledger.db", "/file/a/ledger.db"] {
            let error = try #require(throws: LedgerError.self) { try open(test.directory + path) }
            guard case .notAccessible(test.directory + path, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `a file system that takes no file says so`() throws {
        let error = try #require(throws: LedgerError.self) { try open("/proc/ledger.db") }
        #expect(error.description.hasPrefix("/proc/ledger.db: cannot open the ledger: "))
    }

    @Test func `reading makes no file`() {
        #expect(throws: LedgerError.missing(path: test.path)) { try LedgerReader(path: test.path) }
        #expect(!FileManager.default.fileExists(atPath: test.path))
    }

    @Test func `a file that no worker has opened yet is no ledger to read`() throws {
        try Data().write(to: URL(fileURLWithPath: test.path))
        #expect(throws: LedgerError.notALedger(path: test.path)) { try LedgerReader(path: test.path) }
    }

    @Test func `a name that SQLite would take for no file is a file`() throws {
        _ = try open(test.directory + "/:memory:")
        #expect(FileManager.default.fileExists(atPath: test.directory + "/:memory:"))
    }

    @Test func `a half-done write is a worker's to roll back, not a reader's`() async throws {
        try await test.open().finish("e", RunResult(outcome: .allowed))
        let copy = test.directory + "/copy.db"
        try await DatabaseQueue(path: test.path).write { [path = test.path] db in
            // A cache of two pages makes SQLite write to the file before the commit, as a large transaction would.
            try db.execute(sql: "PRAGMA cache_size = 2")
            for number in 0..<200 {
                try db.execute(
                    sql:
                        "INSERT INTO trail (at, worker, kind, entry, entry_hash, hash) VALUES ('', '', 'note', ?, '', '')",
                    arguments: [String(repeating: "x", count: 500) + "\(number)"]
                )
            }
            for suffix in ["", "-journal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
        }
        #expect(throws: LedgerError.needsRecovery(path: copy)) { try LedgerReader(path: copy) }
        #expect(try await open(copy).claim("e") == .duplicate(.allowed))
        #expect(try LedgerReader(path: copy).count(matching: EventFilter()) == 1)
    }

    @Test(arguments: [("nfs4", true), ("cifs", true), ("ext4", false), ("overlay", false)])
    func `a network file system is known by its mount`(_ type: String, _ isNetwork: Bool) {
        let mounts = """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            58 22 0:52 / /srv rw - \(type) somewhere:/export rw
            """
        #expect(LedgerFile.isOnNetwork(device: 52, mounts: mounts) == isNetwork)
        #expect(!LedgerFile.isOnNetwork(device: 0x801, mounts: mounts))
        #expect(!LedgerFile.isOnNetwork(device: 52, mounts: ""))
    }

    @Test(arguments: [
        LedgerError.claimLost(eventID: "e", fence: 1), .missing(path: "p"), .isDirectory(path: "p"),
        .notAccessible(path: "p", reason: "r"), .notALedger(path: "p"), .fromTheFuture(path: "p", version: 2, known: 1),
        .networkFileSystem(path: "p"), .settingRefused(path: "p", setting: "s", value: "v"), .busy(path: "p"),
        .notTrusted(path: "p", problem: "it is a link; name the file"), .replaced(path: "p"), .exists(path: "p"),
        .needsRecovery(path: "p"), .damaged(path: "p", detail: "d"),
        .failed(path: "p", detail: "d"),
    ])
    func `every error is one line that says what to do`(_ error: LedgerError) {
        let parts = error.description.split(separator: ";")
        #expect(parts.count >= 2 && !error.description.contains("\n"))
    }
}
