import Dispatch
import Foundation
import Glibc
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Ledger

@Suite struct WriteTurnTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    @Test func `the turn is held for the whole body, and given back whatever comes of it`() throws {
        struct Refused: Error {}
        let turn = try WriteTurn(path: test.path)
        let other = try WriteTurn(path: test.path, patience: .milliseconds(20))
        #expect(throws: Refused.self) {
            try turn.take {
                #expect(throws: LedgerError.busy(path: test.path)) { try other.take {} }
                throw Refused()
            }
        }
        try other.take {}
    }

    @Test func `who waits gets the turn when it is left`() throws {
        let turn = try WriteTurn(path: test.path)
        let other = try WriteTurn(path: test.path)
        let order = Numbers()
        let done = DispatchSemaphore(value: 0)
        try turn.take {
            DispatchQueue.global().async {
                try? other.take { order.add(2) }
                done.signal()
            }
            _ = usleep(20_000)
            order.add(1)
        }
        done.wait()
        #expect(order.all == [1, 2])
    }

    @Test func `a wait that was given up leaves the turn when it comes`() throws {
        let turn = try WriteTurn(path: test.path)
        let other = try WriteTurn(path: test.path, patience: .milliseconds(10))
        _ = try turn.take {
            #expect(throws: LedgerError.busy(path: test.path)) { try other.take {} }
        }
        for _ in 0..<3 {
            try turn.take {}
            try WriteTurn(path: test.path).take {}
            try WriteTurn(path: test.path).take {}
        }
    }

    @Test func `a writer that has just written waits behind the one that waited`() throws {
        let turn = try WriteTurn(path: test.path)
        let other = try WriteTurn(path: test.path)
        let order = Numbers()
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<20 {
            try turn.take {
                DispatchQueue.global().async {
                    try? other.take { order.add(2) }
                    done.signal()
                }
                // The first byte of the file is the queue.
                try waitUntilLocked(byte: 0, of: test.path + "-turn")
                order.add(1)
            }
            try turn.take { order.add(3) }
            done.wait()
        }
        #expect(order.all == Array(repeating: [1, 2, 3], count: 20).flatMap(\.self))
    }

    /// Returns when another open file holds the lock on `byte` of the file at `path`.
    private func waitUntilLocked(byte: off_t, of path: String) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        while true {
            var range = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: byte, l_len: 1, l_pid: 0)
            // F_OFD_GETLK answers with the lock that is in the way, or with F_UNLCK.
            #expect(unsafe fcntl(file.fileDescriptor, 36, &range) == 0)
            if Int32(range.l_type) != F_UNLCK { return }
            _ = usleep(100)
        }
    }

    @Test func `a turn file that is a link is replaced, and what it points to is left alone`() throws {
        let target = test.directory + "/target"
        try "theirs".write(toFile: target, atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: test.path + "-turn", withDestinationPath: target)
        try WriteTurn(path: test.path).take {}
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "theirs")
    }

    @Test func `a turn file that others may write is replaced`() throws {
        try Data().write(to: URL(fileURLWithPath: test.path + "-turn"))
        chmod(test.path + "-turn", 0o666)
        try WriteTurn(path: test.path).take {}
        let mode = try FileManager.default.attributesOfItem(atPath: test.path + "-turn")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}

/// Numbers in the order in which several threads add them.
private final class Numbers: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0 } }

    func add(_ number: Int) {
        numbers.withLock { $0.append(number) }
    }
}
