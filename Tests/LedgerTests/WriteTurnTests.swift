import Foundation
import Glibc
import SecurityGroups
import Testing

@testable import Ledger

@Suite struct WriteTurnTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    /// Whether another process could take the turn now.
    @Sendable private static func isFree(_ path: String) -> Bool {
        let descriptor = open(path + "-turn", O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    @Test func `the turn is taken while the lock is asked for, and given back whatever comes of it`() throws {
        struct Refused: Error {}
        let turn = try WriteTurn(path: test.path)
        #expect(Self.isFree(test.path))
        #expect(throws: Refused.self) {
            try turn.take {
                #expect(!Self.isFree(test.path))
                throw Refused()
            }
        }
        #expect(Self.isFree(test.path))
    }

    @Test func `who writes has left the turn to the next`() async throws {
        let path = test.path
        #expect(try await test.open().write { _ in Self.isFree(path) })
    }

    @Test func `waiting ends`() {
        #expect(WriteTurn.wait(0))
        #expect(!WriteTurn.wait(5000))
    }
}
