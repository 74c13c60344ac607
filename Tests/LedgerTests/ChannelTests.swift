import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct ChannelTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func take(_ channel: String, of channels: [String]) async throws -> [Notice] {
        try await test.ledger.write { try $0.takeNotices(for: channel, of: channels, limit: 10, lease: .seconds(60)) }
    }

    @Test func `what keeps a channel from delivering is in the outbox, with the channel's name`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let notice = try #require(try await take("webhook", of: ["webhook"]).first)
        try await test.ledger.write {
            try $0.noticeFailed(notice, for: "webhook", error: "status 500", retryAfter: .seconds(2))
        }
        #expect(try test.value("SELECT last_error FROM notices") == "webhook: status 500")
        #expect(try test.value("SELECT state FROM notices") == "pending")
    }

    @Test func `notices of one group within a minute go as one, by each channel the same one`() async throws {
        for number in 0..<5 { try await test.ledger.finish("e\(number)", RunResult(outcome: .reverted, notify: true)) }
        let first = try await take("a", of: ["a", "b"])
        #expect(first.map(\.count) == [5] && first.first?.payloads.count == 5)
        #expect(try await take("b", of: ["a", "b"]).map(\.id) == first.map(\.id))
        try await test.ledger.finish("later", RunResult(outcome: .reverted, notify: true))
        #expect(try await take("a", of: ["a", "b"]).isEmpty, "the next goes after a minute")
        test.advance(61)
        #expect(try await take("b", of: ["a", "b"]).map(\.eventID).contains("later"))
    }

    @Test func `a message that became a dead letter without an event is found by its id`() async throws {
        _ = try test.ledger
        let reader = try LedgerReader(path: test.path)
        let start = try reader.lastEntry()
        for id in ["m1", "m2"] {
            try await test.ledger.write {
                try $0.note(
                    kind: .deadLettered,
                    entry: ["message_id": .text(id), "reason": .text("untrusted-sender"), "error": .text("x")]
                )
            }
        }
        #expect(try reader.burialReason(ofMessage: "m2", after: start) == "untrusted-sender")
        #expect(try reader.burialReason(ofMessage: "m3", after: start) == nil)
        #expect(try reader.burialReason(ofMessage: "m2", after: reader.lastEntry()) == nil)
    }
}
