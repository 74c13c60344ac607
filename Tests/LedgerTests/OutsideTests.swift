import Foundation
import GRDB
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

/// What others do to the file and to the clock while a worker runs.
@Suite struct OutsideTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    private func isReplaced(_ ledger: LedgerDatabase) async -> Bool {
        do {
            try await ledger.finish("after", RunResult(outcome: .allowed))
            return false
        } catch {
            return error as? LedgerError == .replaced(path: test.path)
        }
    }

    @Test func `a ledger that was deleted is noticed at the next write, and none is made in its place`() async throws {
        let ledger = try test.open()
        try await ledger.finish("before", RunResult(outcome: .allowed))
        try FileManager.default.removeItem(atPath: test.path)
        #expect(await isReplaced(ledger))
        #expect(!FileManager.default.fileExists(atPath: test.path))
    }

    @Test func `a ledger that was moved is noticed, and written again once it is back`() async throws {
        let ledger = try test.open()
        try await ledger.finish("before", RunResult(outcome: .allowed))
        try FileManager.default.moveItem(atPath: test.path, toPath: test.path + ".away")
        #expect(await isReplaced(ledger))
        try FileManager.default.moveItem(atPath: test.path + ".away", toPath: test.path)
        try await ledger.finish("after", RunResult(outcome: .allowed))
        #expect(try test.value("SELECT count(*) FROM audit_events") == "2")
    }

    @Test func `a ledger that was replaced by a copy is noticed, and the copy is left alone`() async throws {
        let ledger = try test.open()
        try await ledger.finish("before", RunResult(outcome: .allowed))
        try FileManager.default.copyItem(atPath: test.path, toPath: test.path + ".copy")
        try FileManager.default.removeItem(atPath: test.path)
        try FileManager.default.moveItem(atPath: test.path + ".copy", toPath: test.path)
        #expect(await isReplaced(ledger))
        #expect(try test.value("SELECT count(*) FROM audit_events") == "1")
    }

    @Test func `a ledger that somebody turns to WAL is turned back, and one line says so`() async throws {
        let lines = Mutex<[String]>([])
        let ledger = try test.open { line in lines.withLock { $0.append(line) } }
        try await ledger.finish("before", RunResult(outcome: .allowed))
        try await DatabaseQueue(path: test.path).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA journal_mode = WAL")
        }
        #expect(try test.value("PRAGMA journal_mode") == "wal")
        #expect(lines.withLock(\.self).isEmpty)
        try await ledger.finish("after", RunResult(outcome: .allowed))
        try await ledger.finish("later", RunResult(outcome: .allowed))
        #expect(try test.value("PRAGMA journal_mode") != "wal")
        #expect(lines.withLock { $0.count == 1 && $0[0].contains("to WAL") && $0[0].contains(test.path) })
        #expect(try LedgerReader(path: test.path).verify().findings == [])
    }

    @Test func `a ledger that others may write, or that is a link, is refused and left alone`() throws {
        _ = try test.open()
        #expect(chmod(test.path, 0o620) == 0)
        #expect(throws: LedgerError.self) { try test.open() }
        #expect(chmod(test.path, 0o600) == 0)
        try FileManager.default.moveItem(atPath: test.path, toPath: test.path + ".real")
        try FileManager.default.createSymbolicLink(atPath: test.path, withDestinationPath: test.path + ".real")
        let error = try #require(throws: LedgerError.self) { try test.open() }
        guard case .notTrusted = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
    func `another user's ledger is refused, and another user's turn file is made anew`() throws {
        _ = try test.open()
        #expect(chown(test.path, 65_534, 65_534) == 0)
        let error = try #require(throws: LedgerError.self) { try test.open() }
        #expect(error.description.contains("owns it") && error.isSetting)
        #expect(chown(test.path, 0, 0) == 0 && chown(test.path + "-turn", 65_534, 65_534) == 0)
        _ = try test.open()
    }

    @Test func `a clock that was set back an hour holds an event for no longer than a lease`() async throws {
        _ = try await test.open(worker: "one").claim("e")
        test.advance(-3600)
        let two = try test.open(worker: "two")
        let claim = try await two.claim("e", message: "m2").claim
        #expect(claim.isTakeover && claim.fence == 2)
        guard case .held = try await test.open(worker: "three").claim("e", message: "m3") else {
            Issue.record("a lease made after the jump does not hold")
            return
        }
    }

    @Test func `a clock that was set forward an hour lets the next worker take over, and the first write nothing`()
        async throws
    {
        let one = try test.open(worker: "one")
        let old = try await one.claim("e").claim
        test.advance(3600)
        _ = try await test.open(worker: "two").claim("e", message: "m2").claim
        await #expect(throws: LedgerError.claimLost(eventID: "e", fence: 1)) {
            try await one.write { try $0.finish(old, with: RunResult(outcome: .reverted)) }
        }
    }
}
