import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

/// Several processes on one ledger, and what is left of it when they are killed.
@Suite struct ProcessTests {
    let test: TestLedger

    init() throws {
        // In memory where that is possible: a killed process leaves the same there, and nobody waits for a disk.
        test = try TestLedger(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil)
    }

    @Test func `killed at any instant, hundreds of times, it opens, verifies and goes on`() async throws {
        let rounds = 50
        var acknowledged: Set<String> = []
        for round in 0..<rounds {
            let writers = try (0..<4).map { writer in
                try WriterProcess(test, worker: "w\(writer)", count: 10_000, batch: 1, prefix: "r\(round)-\(writer)")
            }
            // At least one commit by each, then death in the midst of another.
            for writer in writers { try await writer.waitForLine() }
            usleep(UInt32.random(in: 0..<8000))
            for writer in writers { writer.kill() }
            for writer in writers { acknowledged.formUnion(try await writer.end().lines) }
            if round % 10 == 9 {
                // A worker opens it first: a write half done is a worker's to roll back.
                try await test.open().finish("mine-\(round)", RunResult(outcome: .allowed))
                _ = try LedgerReader(path: test.path).verify()
            }
        }
        var stream = EventStream([try LedgerReader(path: test.path)], matching: EventFilter(), withRules: false)
        var finished: Set<String> = []
        while let (event, _) = try stream.next() {
            if event.outcome != nil { finished.insert(event.eventID) }
        }
        #expect(acknowledged.count >= rounds * 4)
        #expect(acknowledged.isSubset(of: finished))
    }

    @Test func `of eight processes that claim the same events, each event has one winner, and nobody fails`()
        async throws
    {
        let count = 1000
        let writers = try (0..<8).map {
            try WriterProcess(test, worker: "w\($0)", count: count, batch: 50, prefix: "e")
        }
        var won: [String] = []
        for writer in writers {
            let result = try await writer.end()
            #expect(result.status == 0 && result.errors == "")
            won += result.lines
        }
        #expect(won.count == count && Set(won).count == count)
        let found = try LedgerReader(path: test.path).verify()
        #expect(found.events == count && found.entries == 2 * count)
    }

    @Test func `a backup made while others write is one moment of the ledger, and verifies`() async throws {
        let writer = try WriterProcess(test, worker: "w", count: 10_000, batch: 5, prefix: "e")
        try await writer.waitForLine()
        let reader = try LedgerReader(path: test.path)
        for number in 0..<3 {
            let copy = test.directory + "/copy-\(number).db"
            let found = try reader.backup(to: copy)
            #expect(found.entries > 0)
            #expect(try LedgerReader(path: copy).verify() == found)
        }
        writer.kill()
        #expect(try await writer.end().errors == "")
    }

    @Test func `a full disk is one clear line, and damages nothing`() async throws {
        // A bound on the size of files is the full disk that needs no privilege.
        let writer = try WriterProcess(
            test,
            worker: "w",
            count: 10_000,
            batch: 20,
            prefix: "e",
            shell: "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\""
        )
        let result = try await writer.end()
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("\(test.path): ") && result.errors.contains("check the disk"))
        #expect(result.errors.split(separator: "\n").count == 1)
        try await test.open().finish("mine", RunResult(outcome: .allowed))
        let found = try LedgerReader(path: test.path).verify()
        #expect(found.events >= result.lines.count && result.lines.count > 0)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everything"))
    func `a file that may only be read is one clear line`() async throws {
        _ = try test.open()
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: test.path)
        let result = try await WriterProcess(test, worker: "w", count: 1, batch: 1, prefix: "e").end()
        #expect(
            result.status == 1
                && result.errors == "\(test.path): cannot open the ledger: Permission denied; "
                    + "check the path and who may write there\n"
        )
        #expect(try LedgerReader(path: test.path).verify().entries == 0)
    }
}

/// A `ledger-writer` at work.
private struct WriterProcess {
    private let child: ChildProcess

    init(
        _ test: TestLedger,
        worker: String,
        count: Int,
        batch: Int,
        prefix: String,
        shell: String? = nil
    ) throws {
        let program = ChildProcess.built("ledger-writer")
        let arguments = [test.path, worker, "\(count)", "\(batch)", prefix]
        child = try ChildProcess(
            shell == nil ? program : URL(fileURLWithPath: "/bin/sh"),
            shell.map { ["-c", $0, program.path] + arguments } ?? arguments
        )
    }

    func kill() {
        child.kill()
    }

    /// Waits until an event is finished.
    func waitForLine() async throws {
        while child.output.isEmpty, child.isRunning { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Waits for its end. Lines are the events that it finished.
    func end() async throws -> (status: Int32, lines: [String], errors: String) {
        let result = try await child.end(within: .seconds(300))
        // What follows the last line break was cut off by the kill.
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        return (result.exitCode, lines.filter { !$0.hasPrefix("{") }, result.errors)
    }
}
