import Foundation
import TestSupport
import Testing

@testable import Ledger

/// Work that one worker at a time does, and when something was last done.
@Suite struct LeaseTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func take(
        _ holder: String,
        _ name: String = "snapshot",
        for duration: Duration = .seconds(60)
    ) async throws
        -> Bool
    {
        try await test.ledger.write { try $0.takeLease(name, holder: holder, for: duration) }
    }

    @Test func `one holder has a lease until it ends, and may renew it`() async throws {
        #expect(try await take("one"))
        #expect(try await !take("two"))
        test.advance(59)
        #expect(try await take("one"), "renewed")
        test.advance(59)
        #expect(try await !take("two"))
        test.advance(1)
        #expect(try await take("two"), "a lease ends at its end")
        #expect(try await !take("one"))
    }

    @Test func `leases of other names do not meet`() async throws {
        #expect(try await take("one", "snapshot"))
        #expect(try await take("two", "prune"))
    }

    @Test func `a lease of a clock that ran ahead is not believed`() async throws {
        test.advance(3600)
        #expect(try await take("one"))
        test.advance(-3600)
        #expect(try await take("two"), "it would end an hour later than a lease that is made now")
    }

    @Test func `who gives a lease back that another has meanwhile does not end that one's`() async throws {
        #expect(try await take("one"))
        test.advance(60)
        #expect(try await take("two"))
        #expect(try await !take("one", for: .zero))
        #expect(try await !take("three"))
    }

    @Test func `of many who ask at once one gets it`() async throws {
        let ledgers = try (0..<4).map { try test.open(worker: "\($0)") }
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for (number, ledger) in ledgers.enumerated() {
                group.addTask {
                    try await ledger.write { try $0.takeLease("x", holder: "\(number)", for: .seconds(60)) }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test func `a moment is when something was last done, to the millisecond`() async throws {
        #expect(try await test.ledger.write { try $0.moment("sweep") } == nil)
        try await test.ledger.write { try $0.mark("sweep") }
        #expect(try await test.ledger.write { try $0.moment("sweep") } == test.now)
        test.advance(5)
        try await test.ledger.write { try $0.mark("sweep") }
        #expect(try await test.ledger.write { try $0.moment("sweep") } == test.now)
        let earlier = test.now.addingTimeInterval(-100)
        try await test.ledger.write { try $0.mark("sweep", at: earlier) }
        #expect(try await test.ledger.write { try $0.moment("sweep") } == earlier)
        #expect(try await test.ledger.write { try $0.moment("prune") } == nil)
    }
}

/// Who sent messages.
@Suite struct SenderTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func saw(_ senders: [String]) async throws {
        try await test.ledger.write { transaction in
            for sender in senders { try transaction.saw(sender: sender) }
        }
    }

    @Test func `senders are listed with the time of their last message, the latest first`() async throws {
        try await saw(["AIDAB", "AIDAA"])
        test.advance(60)
        try await saw(["AIDAB"])
        let senders = try LedgerReader(path: test.path).senders()
        #expect(senders.map(\.id) == ["AIDAB", "AIDAA"])
        #expect(senders.map(\.lastSeen) == [test.now, test.now.addingTimeInterval(-60)])
    }

    @Test func `no number of senders fills the file, and those that are known stay known`() async throws {
        try await saw((0..<1200).map { "s\($0)" })
        #expect(try LedgerReader(path: test.path).senders().count == 1000)
        test.advance(60)
        try await saw(["s0", "new"])
        let senders = try LedgerReader(path: test.path).senders()
        #expect(senders.count == 1000 && senders.first?.id == "s0" && senders.first?.lastSeen == test.now)
        #expect(!senders.map(\.id).contains("new"))
    }

    @Test func `a long id is cut, and the id of a hostile sender is text like any other`() async throws {
        try await saw([String(repeating: "x", count: 500), "'; DROP TABLE senders; --", "a\0b"])
        let ids = try LedgerReader(path: test.path).senders().map(\.id)
        #expect(ids.count == 3 && ids.allSatisfy { $0.utf8.count <= 200 })
        #expect(ids.contains("'; DROP TABLE senders; --") && ids.contains("a\u{FFFD}b"))
    }
}
