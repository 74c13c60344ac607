import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Notices that wait for the table which the hosts of a fleet share.
@Suite struct HeldNoticeTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func finish(_ eventID: String, _ shared: SharedClaim?, _ outcome: EventOutcome = .reverted) async throws {
        var claim = try await test.ledger.claim(eventID).claim
        if let shared { claim = claim.joined(with: shared) }
        let final = claim
        try await test.ledger.write { try $0.finish(final, with: RunResult(outcome: outcome, notify: true)) }
    }

    private func hold(_ key: String = "event#e") -> SharedClaim {
        SharedClaim(key: key, fence: 7, token: "token-1", replayCount: 2)
    }

    private func take() async throws -> [String] {
        try await test.ledger.write { try $0.takeNotices(limit: 10, lease: .seconds(60)).map(\.id) }
    }

    @Test func `a notice with a hold goes out once it is released, and not before`() async throws {
        try await finish("e", hold())
        #expect(try await take() == [])
        test.advance(3600)
        #expect(try await take() == [])
        try await test.ledger.write { try $0.releaseNotices(of: "e", under: hold()) }
        #expect(try await take() == ["e:reverted"])
    }

    @Test func `a notice without a hold does not wait for one that has`() async throws {
        try await finish("held", hold("event#held"))
        try await finish("free", nil)
        let free = try await test.ledger.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }
        #expect(free.map(\.id) == ["free:reverted"])
        try await test.ledger.write { transaction in
            for notice in free { try transaction.noticeSent(notice) }
            try transaction.releaseNotices(of: "held", under: hold("event#held"))
        }
        test.advance(61)
        #expect(try await take() == ["held:reverted"])
    }

    @Test func `what another host told is dropped, and the trail says so`() async throws {
        try await finish("e", hold())
        try await test.ledger.write { try $0.dropNotices(of: "e", under: hold()) }
        try await test.ledger.write { try $0.releaseNotices(of: "e", under: hold()) }
        test.advance(3600)
        #expect(try await take() == [])
        let entries = try #require(try LedgerReader(path: test.path).trailLines(after: 0)).lines
        #expect(entries.last?.contains("\"notice\":\"e:reverted\"") == true)
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `a notice that was released is not dropped`() async throws {
        try await finish("e", hold())
        try await test.ledger.write { try $0.releaseNotices(of: "e", under: hold()) }
        try await test.ledger.write { try $0.dropNotices(of: "e", under: hold()) }
        #expect(try await take() == ["e:reverted"])
    }

    @Test func `a claim releases and drops its own notices, and none of another run`() async throws {
        let first = SharedClaim(key: "event#e", fence: 6, token: "token-0", replayCount: 2)
        try await finish("e", first, .failed)
        try await finish("e", hold())
        try await test.ledger.write { try $0.dropNotices(of: "e", under: first) }
        #expect(try await take() == [])
        try await test.ledger.write { try $0.releaseNotices(of: "e", under: hold()) }
        #expect(try await take() == ["e:reverted"])
    }

    @Test func `a notice that still waits when a later run ends in the same way waits under the claim of that run`()
        async throws
    {
        let first = SharedClaim(key: "event#e", fence: 6, token: "token-0", replayCount: 2)
        try await finish("e", first, .failed)
        try await finish("e", hold(), .failed)
        // The table knows by now that the later run told the outcome.
        try await test.ledger.write { try $0.dropNotices(of: "e", under: first) }
        try await test.ledger.write { try $0.releaseNotices(of: "e", under: hold()) }
        #expect(try await take() == ["e:failed"])
    }

    @Test func `what has waited for long is found with its hold, the oldest first`() async throws {
        try await finish("b", hold("event#b"))
        test.advance(10)
        try await finish("a", hold("event#a b"), .failed)
        func held(_ seconds: Int) async throws -> [HeldNotice] {
            try await test.ledger.write { try $0.heldNotices(olderThan: .seconds(seconds)) }
        }
        #expect(try await held(0).map(\.eventID) == ["b", "a"])
        #expect(try await held(5).map(\.eventID) == ["b"])
        #expect(try await held(11) == [])
        let last = try #require(try await held(0).last)
        #expect(last.outcome == .failed)
        #expect(last.shared == hold("event#a b"))
    }

    @Test func `a hold that somebody edited is left alone`() async throws {
        try await finish("e", hold())
        try test.execute("UPDATE notices SET hold = 'nonsense'")
        #expect(try await test.ledger.write { try $0.heldNotices(olderThan: .zero) } == [])
        #expect(try await take() == [])
    }

    @Test func `a hold is read as it was written, whatever is in the event's id`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let claim = SharedClaim(
                key: "event#" + random.text("ab ~#\"\\é🦊", 0...20),
                fence: Int.random(in: 0...Int.max, using: &random),
                token: random.text("0123456789abcdef-", 1...36),
                replayCount: Int.random(in: 0...100, using: &random)
            )
            #expect(SharedClaim(text: claim.text) == claim)
        }
    }

    @Test(arguments: ["", " ", "1 t 0", "x t 0 key", "1 t x key", "1  t 0 key", "1.5 t 0 key"])
    func `other text is no hold`(_ text: String) {
        #expect(SharedClaim(text: text) == nil)
    }

    @Test func `a claim takes over what the fleet knows of earlier runs`() {
        let claim = Claim(eventID: "e", fence: 1, attempt: 1, matchedRuleIDs: ["sgr-1", "sgr-2"])
        let joined = claim.joined(
            with: SharedClaim(key: "k", fence: 9, token: "t", matchedRuleIDs: ["sgr-2", "sgr-3"], isTakeover: true)
        )
        #expect(joined.matchedRuleIDs == ["sgr-1", "sgr-2", "sgr-3"])
        #expect(joined.isTakeover && joined.shared?.fence == 9 && joined.fence == 1)
        let first = Claim(eventID: "e", fence: 1, attempt: 1).joined(with: SharedClaim(key: "k", fence: 1, token: "t"))
        #expect(first.matchedRuleIDs == nil && !first.isTakeover, "nil, not empty: no run tried anything")
    }

    @Test func `a duplicate that another host has done is counted where the event is known`() async throws {
        try await finish("e", nil)
        func duplicate(_ facts: EventFacts, message: String) async throws {
            let delivery = Delivery(messageID: message, receivedAt: test.now)
            try await test.ledger.write { try $0.countDuplicate(delivery, of: facts) }
        }
        func deliveries() throws -> String? { try test.value("SELECT deliveries FROM audit_events") }
        try await duplicate(EventFacts(eventID: "e", eventName: "Authorize"), message: "m1")
        #expect(try deliveries() == "1", "the message that brought it first")
        try await duplicate(EventFacts(eventID: "e", eventName: "Authorize"), message: "m2")
        try await duplicate(EventFacts(eventID: "e", eventName: "Authorize"), message: "m2")
        #expect(try deliveries() == "2")
        try await duplicate(
            EventFacts(eventID: "addendum", originalEventID: "e", eventName: "Authorize"),
            message: "m3"
        )
        #expect(try deliveries() == "3")
        try await duplicate(EventFacts(eventID: "unknown", eventName: "Authorize"), message: "m4")
        #expect(try test.value("SELECT count(*) FROM events") == "1")
    }
}
