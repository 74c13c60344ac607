import Formats
import Foundation
import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

@Suite struct LedgerReaderTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func add(_ event: EventFacts, _ result: RunResult = RunResult(outcome: .allowed)) async throws {
        let claim = try await test.ledger.claim(event, at: test.now).claim
        try await test.ledger.write { try $0.finish(claim, with: result) }
    }

    private func add(_ id: String, at seconds: Double?) async throws {
        let time = seconds.map { test.now.addingTimeInterval($0) }
        try await add(EventFacts(eventID: id, eventName: "Authorize", eventTime: time))
    }

    @Test func `pages go from the newest event to those without a time, each row once`() async throws {
        for (id, seconds) in [("a", 1.0), ("b", 3), ("c", nil), ("d", 2), ("e", nil), ("f", 2), ("g", 2)] {
            try await add(id, at: seconds)
        }
        let reader = try LedgerReader(path: test.path)
        for limit in 1...8 {
            var ids: [String] = []
            var cursor: EventCursor?
            repeat {
                let page = try reader.events(matching: EventFilter(), after: cursor, limit: limit)
                ids += page.map(\.eventID)
                cursor = page.last?.cursor
            } while cursor != nil
            #expect(ids == ["b", "g", "f", "d", "a", "e", "c"], "pages of \(limit)")
        }
    }

    @Test func `each filter lets through what it names`() async throws {
        try await add(
            EventFacts(
                eventID: "a",
                eventName: "Authorize",
                account: "1",
                region: "r1",
                groupID: "sg-1",
                actorARN: "arn:session",
                issuerARN: "arn:role",
                eventTime: test.now
            ),
            RunResult(outcome: .reverted)
        )
        try await add(
            EventFacts(
                eventID: "b",
                eventName: "Authorize",
                account: "2",
                region: "r2",
                groupID: "sg-2",
                actorARN: "arn:user",
                issuerARN: "arn:user",
                eventTime: test.now + 10
            )
        )
        try await add("c", at: nil)
        let reader = try LedgerReader(path: test.path)
        for (filter, ids) in [
            (EventFilter(), ["b", "a", "c"]),
            (EventFilter(eventID: "c"), ["c"]), (EventFilter(group: "sg-1"), ["a"]), (EventFilter(account: "2"), ["b"]),
            (EventFilter(region: "r1"), ["a"]), (EventFilter(actor: "arn:session"), ["a"]),
            (EventFilter(actor: "arn:role"), ["a"]), (EventFilter(actor: "arn"), []),
            (EventFilter(outcome: .reverted), ["a"]), (EventFilter(outcome: .allowed), ["b", "c"]),
            (EventFilter(since: test.now), ["b", "a"]), (EventFilter(since: test.now + 1), ["b"]),
            (EventFilter(until: test.now + 10), ["a"]), (EventFilter(until: test.now), []),
            (EventFilter(since: test.now, until: test.now + 11), ["b", "a"]),
            (EventFilter(group: "sg-1", account: "2"), []),
        ] {
            #expect(try reader.events(matching: filter, after: nil, limit: 9).map(\.eventID) == ids, "\(filter)")
            #expect(try reader.count(matching: filter) == ids.count, "\(filter)")
        }
    }

    @Test func `a row has the view's values, truths as truths`() async throws {
        try await add(
            EventFacts(eventID: "e", eventName: "Authorize", eventTime: test.now - 2),
            RunResult(outcome: .reported, rules: [.rule("sgr-1", .reported)], exposedMilliseconds: 7, isDryRun: true)
        )
        let reader = try LedgerReader(path: test.path)
        let event = try #require(try reader.events(matching: EventFilter(), after: nil, limit: 1).first)
        let values = Dictionary(uniqueKeysWithValues: zip(AuditEvent.columns, event.values))
        #expect(event.values.count == AuditEvent.columns.count)
        #expect(
            values["dry_run"] == .boolean(true) && values["exposed_ms"] == .integer(7) && values["account"] == .null
        )
        #expect(values["event_time"] == .text(RFC3339.format(test.now - 2)) && values["worker"] == .text("one"))
        #expect(
            try reader.rules(of: ["e", "unknown"]).mapValues { $0.map(\.values) } == [
                "e": [
                    [
                        .text("e"), .text("sgr-1"), .text("sg-1"), .text("ingress"), .text("tcp"), .integer(22),
                        .integer(22),
                        .text("0.0.0.0/0"), .text("d"), .text("revert"), .text("watch[0]"), .text("reported"), .null,
                    ]
                ]
            ]
        )
    }

    @Test func `rules keep their order`() async throws {
        let ids = (0..<12).map { "sgr-\(11 - $0)" }
        try await add(
            EventFacts(eventID: "e", eventName: "Authorize"),
            RunResult(outcome: .reverted, rules: ids.map { .rule($0, .reverted) })
        )
        let rules = try LedgerReader(path: test.path).rules(of: ["e"])["e"]
        #expect(rules?.map { $0.values[1] } == ids.map { .text($0) })
    }

    @Test func `an event that is claimed for the first time has no outcome`() async throws {
        _ = try await test.ledger.claim("e").claim
        let event = try LedgerReader(path: test.path).events(matching: EventFilter(), after: nil, limit: 1).first
        #expect(event?.values[1] == .null)
    }

    @Test(arguments: [
        (EventFilter(), "events_by_time"), (EventFilter(group: "sg-1"), "events_by_group"),
        (EventFilter(account: "1"), "events_by_time"), (EventFilter(outcome: .failed), "events_by_time"),
        (EventFilter(actor: "a"), "events_by_time"), (EventFilter(since: .distantPast), "events_by_time"),
        (EventFilter(until: .distantFuture), "events_by_time"),
    ])
    func `a page is a range of an index, however many rows precede it`(_ filter: EventFilter, _ index: String) throws {
        _ = try test.ledger
        let cursor = EventCursor(eventTime: RFC3339.format(test.now), eventID: "e")
        let span = AuditQuery.Span(after: cursor, through: nil)
        let (sql, arguments) = AuditQuery.page(matching: filter, in: span, limit: 9)
        let plan = try DatabaseQueue(path: test.path).read {
            try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments).map { $0["detail"] as String }
        }
        #expect(
            plan.contains { $0.hasPrefix("SEARCH events USING INDEX \(index)") && $0.contains("<expr><?") },
            "\(plan)"
        )
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    @Test func `what no index finds is looked for in stretches, each event once`() async throws {
        for number in 0..<25 {
            try await add(
                EventFacts(eventID: "e\(number)", eventName: "A", account: "\(number % 3)", eventTime: test.now)
            )
        }
        let filter = EventFilter(account: "1")
        var found: [String] = []
        var cursor: EventCursor?
        repeat {
            let (page, end) = try LedgerReader(path: test.path).read { db in
                let span = try AuditQuery.span(after: cursor, of: filter, rows: 4, db)
                return (try AuditQuery.events(matching: filter, in: span, limit: 99, db), span.through)
            }
            found += page.map(\.eventID)
            cursor = end
        } while cursor != nil
        #expect(found.count == 8 && Set(found).count == 8)
        #expect(
            try LedgerReader(path: test.path).events(matching: filter, after: nil, limit: 99).map(\.eventID) == found
        )
    }

    @Test func `an actor is who called or who stands behind, each event once`() async throws {
        for (id, actor, issuer) in [("a", "x", "y"), ("b", "y", "x"), ("c", "x", "x"), ("d", "y", "y")] {
            try await add(EventFacts(eventID: id, eventName: "Authorize", actorARN: actor, issuerARN: issuer))
        }
        let reader = try LedgerReader(path: test.path)
        let found = try reader.events(matching: EventFilter(actor: "x"), after: nil, limit: 9)
        #expect(found.map(\.eventID) == ["c", "b", "a"])
        #expect(
            try reader.events(matching: EventFilter(actor: "x"), after: found[0].cursor, limit: 1).map(\.eventID) == [
                "b"
            ]
        )
        #expect(try reader.count(matching: EventFilter(actor: "x")) == 3)
    }
}
