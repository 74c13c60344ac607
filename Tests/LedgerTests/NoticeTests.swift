import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct NoticeTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func take(_ ledger: LedgerDatabase? = nil, limit: Int = 10) async throws -> [Notice] {
        try await (ledger ?? test.ledger).write { try $0.takeNotices(limit: limit, lease: .seconds(30)) }
    }

    @Test func `one notice for each outcome of an event, with a stable id`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .failed, notify: true))
        try await test.ledger.finish("e", RunResult(outcome: .failed, notify: true))
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        try await test.ledger.finish("e", replays: 1, RunResult(outcome: .reverted, notify: true))
        #expect(try await Set(take().map(\.id)) == ["e:failed", "e:reverted"])
    }

    @Test func `no notice without a wish for one, or of a run that did not become the outcome`() async throws {
        try await test.ledger.finish("quiet", RunResult(outcome: .reverted))
        try await test.ledger.finish("kept", RunResult(outcome: .allowed))
        try await test.ledger.finish("kept", replays: 1, RunResult(outcome: .failed, notify: true))
        #expect(try await take() == [])
    }

    @Test func `a notice is one worker's until its lease ends`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let two = try test.open(worker: "two")
        #expect(try await take().map(\.attempt) == [1])
        #expect(try await take(two) == [])
        test.advance(30)
        #expect(try await take(two).map(\.attempt) == [2])
    }

    @Test func `a notice that was sent never comes back, and the view has its time`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let notice = try #require(try await take().first)
        #expect(try test.value("SELECT notified_at FROM audit_events") == nil)
        let sentAt = RFC3339.format(test.now)
        try await test.ledger.write { try $0.noticeSent(notice) }
        test.advance(3600)
        try await test.ledger.write { try $0.noticeSent(notice) }
        #expect(try await take() == [])
        #expect(try test.value("SELECT notified_at FROM audit_events") == sentAt)
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'notified'") == "1")
    }

    @Test func `notified_at is of the outcome that stands`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .failed, notify: true))
        let notice = try #require(try await take().first)
        try await test.ledger.write { try $0.noticeSent(notice) }
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        #expect(try test.value("SELECT notified_at FROM audit_events") == nil)
    }

    @Test func `a notice that failed is due again after its wait`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let notice = try #require(try await take().first)
        try await test.ledger.write { try $0.noticeFailed(notice, error: "no such topic", retryAfter: .seconds(300)) }
        test.advance(299)
        #expect(try await take() == [])
        test.advance(1)
        #expect(try await take().map(\.attempt) == [2])
        #expect(try test.value("SELECT last_error FROM notices") == "no such topic")
    }

    @Test func `a late failure does not shorten the lease of the worker that took over`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, notify: true))
        let notice = try #require(try await take().first)
        test.advance(30)
        let two = try test.open(worker: "two")
        #expect(try await take(two).count == 1)
        try await test.ledger.write { try $0.noticeFailed(notice, error: "late", retryAfter: .zero) }
        #expect(try await take() == [])
    }

    /// Finishes an event of a group, with a notice.
    private func tell(_ id: String, group: String, _ outcome: EventOutcome = .reverted) async throws {
        let claim = try await test.ledger.claim(EventFacts(eventID: id, eventName: "Authorize", groupID: group)).claim
        try await claim.finish(in: test.ledger, RunResult(outcome: outcome), notify: true)
    }

    @Test func `the longest due go first, no more than asked for`() async throws {
        for id in ["a", "b", "c"] {
            try await tell(id, group: "sg-\(id)")
            test.advance(1)
        }
        #expect(try await take(limit: 2).map(\.eventID) == ["a", "b"])
        #expect(try await take(limit: 2).map(\.eventID) == ["c"])
    }

    @Test func `of one group and outcome one goes at once, and the others as one after a minute`() async throws {
        try await tell("e0", group: "sg-1")
        let first = try await take()
        #expect(first.map(\.eventID) == ["e0"] && first.map(\.count) == [1])
        for number in 1...30 { try await tell("e\(number)", group: "sg-1") }
        try await tell("other", group: "sg-2")
        let other = try await take()
        #expect(other.map(\.eventID) == ["other"])
        test.advance(61)
        for notice in first + other { try await test.ledger.write { try $0.noticeSent(notice) } }
        let summary = try #require(try await take().first)
        #expect(summary.eventID == "e1" && summary.count == 30 && summary.payloads.count == 20)
        // Another joins none that is on its way, and a second attempt tells of the same.
        try await tell("late", group: "sg-1")
        test.advance(31)
        let again = try #require(try await take().first { $0.id == summary.id })
        #expect(again.count == 30 && again.attempt == 2)
        try await test.ledger.write { try $0.noticeSent(again) }
        #expect(try test.value("SELECT count(*) FROM notices WHERE state = 'pending'") == "1")
        #expect(try test.value("SELECT count(*) FROM audit_events WHERE notified_at IS NULL") == "1")
        #expect(try LedgerReader(path: test.path).verify().findings == [])
    }

    @Test func `what is dead-lettered is summed up over all groups, which anybody may name`() async throws {
        for number in 0..<5 { try await tell("e\(number)", group: "sg-\(number)", .deadLettered) }
        #expect(try await take().map(\.count) == [5])
    }

    @Test func `something that is no event is told once, however often it is said`() async throws {
        for _ in 0..<2 {
            try await test.ledger.write {
                try $0.addNotice(
                    id: "outage-1",
                    kind: "outage",
                    region: "eu-west-1",
                    payload: ["service": .text("ec2")]
                )
            }
        }
        let notices = try await take()
        #expect(notices.map(\.id) == ["outage-1"] && notices.map(\.kind) == ["outage"])
        #expect(notices.map(\.outcome) == [nil] && notices.map(\.payload) == [#"{"service":"ec2"}"#])
        for notice in notices { try await test.ledger.write { try $0.noticeSent(notice) } }
        #expect(try await take() == [])
    }

    @Test func `the payload is the event and its rules as they were recorded`() async throws {
        let facts = EventFacts(
            eventID: "e",
            eventName: "Authorize",
            account: "111122223333",
            region: "eu-west-1",
            groupID: "sg-1"
        )
        let claim = try await test.ledger.claim(facts, at: test.now).claim
        try await test.ledger.write {
            try $0.finish(claim, with: RunResult(outcome: .failed, rules: [.rule("sgr-1", .failed)], notify: true))
        }
        try await test.ledger.finish("e", RunResult(outcome: .reverted, rules: [.rule("sgr-1", .reverted)]))
        let notice = try #require(try await take().first)
        #expect(notice.account == "111122223333" && notice.region == "eu-west-1" && notice.groupID == "sg-1")
        let payload = try #require(
            try JSONSerialization.jsonObject(with: Data(notice.payload.utf8)) as? [String: Any]
        )
        #expect(Set(payload.keys) == Set(AuditEvent.columns + ["rules"]))
        #expect(payload["outcome"] as? String == "failed" && payload["dry_run"] as? Bool == false)
        let rules = try #require(payload["rules"] as? [[String: Any]])
        #expect(rules.count == 1 && Set(rules.flatMap(\.keys)) == Set(AuditRule.columns))
        #expect(rules.first?["outcome"] as? String == "failed")
    }
}
