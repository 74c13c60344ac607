import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// One notice, several channels, each with its own tries.
@Suite struct DeliveryTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func take(
        _ channel: String,
        of channels: [String] = ["sns", "webhook"],
        limit: Int = 10,
        by worker: LedgerDatabase? = nil
    ) async throws -> [Notice] {
        try await (worker ?? test.ledger).write {
            try $0.takeNotices(for: channel, of: channels, limit: limit, lease: .seconds(60))
        }
    }

    private func sent(_ notice: Notice, _ channel: String) async throws {
        try await test.ledger.write { try $0.noticeSent(notice, for: channel) }
    }

    private func failed(_ notice: Notice, _ channel: String, after seconds: Int64) async throws {
        try await test.ledger.write {
            try $0.noticeFailed(notice, for: channel, error: "no route", retryAfter: .seconds(seconds))
        }
    }

    /// A notice of something that is no event, so that no pace holds it up.
    private func add(_ id: String) async throws {
        try await test.ledger.write {
            try $0.addNotice(id: id, kind: "outage", region: "eu-west-1", payload: ["n": .text(id)])
        }
    }

    @Test func `each channel gets each notice once, the same in every member`() async throws {
        try await add("a\"\u{202E}\n'); DROP TABLE notices; --")
        let first = try #require(try await take("sns").first)
        let second = try #require(try await take("webhook").first)
        #expect(first == second && first.attempt == 1 && first.region == "eu-west-1" && first.count == 1)
        for channel in ["sns", "webhook"] { #expect(try await take(channel).isEmpty) }
        try await sent(first, "sns")
        try await sent(second, "webhook")
        test.advance(86_400)
        for channel in ["sns", "webhook"] { #expect(try await take(channel).isEmpty) }
        #expect(try test.value("SELECT count(*) FROM notice_deliveries") == "0")
    }

    @Test func `a channel that fails holds up no other, and people count as told by the first`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let notice = try #require(try await take("sns").first)
        try await failed(notice, "sns", after: 300)
        #expect(try test.event("notified_at", "e") == nil)
        try await sent(#require(take("webhook").first), "webhook")
        #expect(try test.event("notified_at", "e") != nil)
        test.advance(300)
        let again = try await take("sns")
        #expect(again.map(\.id) == [notice.id] && again.map(\.attempt) == [2])
        try await sent(again[0], "sns")
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'notified'") == "1")
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `each channel counts its own attempts, and the outbox has the most and the last error`() async throws {
        try await add("a")
        for attempt in 1...3 {
            let notice = try #require(try await take("sns").first)
            #expect(notice.attempt == attempt)
            try await failed(notice, "sns", after: 10)
            test.advance(10)
        }
        let webhook = try #require(try await take("webhook").first)
        #expect(webhook.attempt == 1)
        try await failed(webhook, "webhook", after: 10)
        #expect(try test.value("SELECT attempts || ' ' || last_error FROM notices") == "3 webhook: no route")
        #expect(
            try test.value(
                "SELECT group_concat(channel || attempts || last_error) FROM notice_deliveries ORDER BY channel"
            )
                == "sns3no route,webhook1no route"
        )
    }

    @Test func `a delivery is one worker's until its lease ends, and then another's`() async throws {
        try await add("a")
        let other = try test.open(worker: "two")
        let first = try #require(try await take("sns").first)
        #expect(try await take("sns", by: other).isEmpty)
        test.advance(60)
        let second = try #require(try await take("sns", by: other).first)
        #expect(second.id == first.id && second.attempt == 2)
        // The first worker wakes up late. Its failure is no longer the last word.
        try await failed(first, "sns", after: 0)
        #expect(try await take("sns").isEmpty)
        // That it was sent is true, whoever says so.
        try await sent(first, "sns")
        test.advance(3600)
        #expect(try await take("sns", by: other).isEmpty)
    }

    @Test func `a channel takes no more than asked for, what is due longest first`() async throws {
        for id in ["a", "b", "c"] {
            try await add(id)
            test.advance(1)
        }
        #expect(try await take("sns", limit: 0).isEmpty)
        #expect(try await take("sns", limit: -1).isEmpty)
        #expect(try await take("sns", limit: 2).map(\.id) == ["a", "b"])
        #expect(try await take("sns", limit: 2).map(\.id) == ["c"])
        #expect(try await take("webhook", limit: 9).map(\.id) == ["a", "b", "c"])
    }

    @Test func `a channel that is new gets what comes from then on`() async throws {
        try await add("old")
        try await sent(#require(take("sns", of: ["sns"]).first), "sns")
        #expect(try await take("webhook").isEmpty)
        try await add("new")
        #expect(try await take("webhook").map(\.id) == ["new"])
        #expect(try await take("sns").map(\.id) == ["new"])
    }

    @Test func `what no channel delivered within an hour is copied to the channels of today, and to none twice`()
        async throws
    {
        try await add("a")
        let first = try #require(try await take("old", of: ["old"]).first)
        try await failed(first, "old", after: 60)
        #expect(try await take("sns", of: ["sns"]).isEmpty)
        test.advance(3600)
        #expect(try await take("sns", of: ["sns", "old"]).map(\.id) == ["a"])
        #expect(try await take("old", of: ["sns", "old"]).map(\.attempt) == [2])
        #expect(try test.value("SELECT count(*) FROM notice_deliveries") == "2")
    }

    @Test func `the deliveries of an event go with it when it is pruned`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        try await add("outage")
        for notice in try await take("sns") { try await sent(notice, "sns") }
        #expect(try test.value("SELECT count(*) FROM notice_deliveries") == "2", "the webhook's")
        test.advance(40 * 86_400)
        try await test.ledger.finish("young", RunResult(outcome: .allowed))
        let cutoff = test.now.addingTimeInterval(-30 * 86_400)
        _ = try await test.ledger.write { try $0.prune(before: cutoff) }
        #expect(try test.value("SELECT group_concat(notice_id) FROM notice_deliveries") == "outage")
    }

    // MARK: The pace

    /// Finishes an event of a group, with a notice.
    private func tell(_ id: String, group: String?, _ outcome: EventOutcome = .reverted) async throws {
        let claim = try await test.ledger.claim(EventFacts(eventID: id, eventName: "Authorize", groupID: group)).claim
        try await claim.finish(in: test.ledger, RunResult(outcome: outcome), notify: true)
    }

    @Test func `another outcome, another group and what is no event do not wait for each other`() async throws {
        try await tell("a", group: "sg-1")
        #expect(try await take("sns").map(\.id) == ["a:reverted"])
        try await tell("b", group: "sg-1", .failed)
        try await tell("c", group: "sg-2")
        try await add("outage")
        #expect(try await Set(take("sns").map(\.id)) == ["b:failed", "c:reverted", "outage"])
    }

    @Test func `events without a group are one group`() async throws {
        try await tell("a", group: nil)
        #expect(try await take("sns").count == 1)
        try await tell("b", group: nil)
        #expect(try await take("sns").isEmpty)
        test.advance(60)
        #expect(try await take("sns").map(\.id).contains("b:reverted"))
    }

    @Test func `a minute that a clock dated hours ahead makes nobody wait`() async throws {
        test.advance(7200)
        try await tell("a", group: "sg-1")
        #expect(try await take("sns").count == 1)
        test.advance(-7200)
        try await tell("b", group: "sg-1")
        #expect(try await take("sns").map(\.id) == ["b:reverted"])
    }

    @Test func `what waited for the minute goes as one, and what came after it waits for the next`() async throws {
        try await tell("a", group: "sg-1")
        #expect(try await take("sns").count == 1)
        for id in ["b", "c"] { try await tell(id, group: "sg-1") }
        #expect(try await take("sns").isEmpty)
        test.advance(60)
        let summary = try #require(try await take("sns").first { $0.id == "b:reverted" })
        #expect(summary.count == 2 && summary.payloads.count == 2)
        try await tell("d", group: "sg-1")
        #expect(try await take("sns").filter { $0.id == "d:reverted" }.isEmpty)
    }
}
