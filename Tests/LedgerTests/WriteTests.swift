import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@Suite struct WriteTests {
    let test: TestLedger

    init() throws {
        test = try TestLedger()
    }

    @Test func `of two ledgers on one file that claim the same events, each event has one winner`() async throws {
        let ledgers = [try test.open(worker: "one"), try test.open(worker: "two")]
        let winners = try await withThrowingTaskGroup(of: [String].self) { group in
            for ledger in ledgers {
                for batch in 0..<10 {
                    group.addTask {
                        try await ledger.write { transaction in
                            try (0..<20).map { "e\(batch * 20 + $0)" }.filter { eventID in
                                let delivery = Delivery(messageID: "m", receivedAt: .distantPast)
                                let event = EventFacts(eventID: eventID, eventName: "Authorize")
                                if case .run = try transaction.claim(event, delivery: delivery) { return true }
                                return false
                            }
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(winners.count == 200 && Set(winners).count == 200)
    }

    @Test func `many that open a new ledger at once all succeed`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { [test] in
                    _ = try await test.open(worker: "w\(number)").claim("e\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try test.value("SELECT count(*) FROM audit_events") == "8")
    }

    @Test func `a body that throws writes nothing, and takes nothing from the others`() async throws {
        struct Refused: Error {}
        let errors = try await test.open().write([
            { try $0.note(entry: ["n": .integer(1)]) },
            {
                try $0.note(entry: ["n": .integer(2)])
                throw Refused()
            },
            { try $0.note(entry: ["n": .integer(3)]) },
        ])
        #expect(errors.map { $0 is Refused } == [false, true, false])
        #expect(try test.value("SELECT group_concat(entry, ' ') FROM trail") == #"{"n":1} {"n":3}"#)
    }

    @Test func `a body that throws before it writes makes no other body run again`() async throws {
        struct Refused: Error {}
        let counter = Counter()
        let errors = try await test.open().write([
            { transaction in
                counter.add()
                try transaction.note(entry: ["n": .integer(1)])
            },
            { _ in throw Refused() },
        ])
        #expect(errors.map { $0 is Refused } == [false, true] && counter.count == 1)
        #expect(try LedgerReader(path: test.path).verify().entries == 1)
    }

    @Test func `a cancelled task writes nonetheless`() async throws {
        let ledger = try test.open()
        let write = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await ledger.write { try $0.note(entry: ["cancelled": .boolean(Task.isCancelled)]) }
            return Task.isCancelled
        }
        #expect(try await write.value)
        #expect(try test.value("SELECT count(*) FROM trail") == "1")
    }

    @Test func `the trail is append-only`() async throws {
        try await test.open().write { try $0.note(eventID: "e", entry: ["b": .null, "a": .text("x")]) }
        #expect(
            try test.value("SELECT event_id || kind || worker || entry FROM trail") == #"enoteone{"a":"x","b":null}"#
        )
        #expect(throws: (any Error).self) { try test.execute("UPDATE trail SET entry = '{}'") }
        #expect(throws: (any Error).self) { try test.execute("DELETE FROM trail") }
        #expect(try test.value("SELECT count(*) FROM trail WHERE entry <> '{}'") == "1")
    }

    @Test func `the views have the columns of the contract`() throws {
        _ = try test.open()
        let events =
            "event_id, outcome, reason, event_name, account, region, group_id, actor_arn, issuer_arn, source_ip, "
            + "user_agent, event_time, received_at, finished_at, exposed_ms, attempts, deliveries, worker, "
            + "aws_request_id, error_code, error_message, notified_at, dry_run, actor_type, invoked_by, actor_id, policy_digest"
        let rules =
            "event_id, rule_id, group_id, direction, protocol, from_port, to_port, source, description, decision, "
            + "reason, outcome, undo"
        for (view, columns, listed) in [
            ("audit_events", events, AuditEvent.columns), ("audit_rules", rules, AuditRule.columns),
        ] {
            #expect(try test.value("SELECT group_concat(name, ', ') FROM pragma_table_info('\(view)')") == columns)
            #expect(listed.joined(separator: ", ") == columns)
        }
    }

    @Test func `text of others is data, whatever it says`() async throws {
        let hostile = "'); DROP TABLE events; --\u{1B}[2J\"\\\u{202E}"
        let event = EventFacts(
            eventID: hostile,
            eventName: hostile,
            account: hostile,
            region: hostile,
            groupID: hostile,
            actorARN: hostile,
            issuerARN: hostile,
            sourceIP: hostile,
            userAgent: hostile,
            eventTime: test.now,
            requestID: hostile
        )
        let ledger = try test.open()
        let claim = try await ledger.claim(event, message: hostile).claim
        let rule = RuleResult(
            ruleID: hostile,
            groupID: hostile,
            direction: .egress,
            ipProtocol: hostile,
            source: hostile,
            description: hostile,
            reason: hostile,
            outcome: .reverted,
            undo: hostile
        )
        try await ledger.write {
            try $0.finish(
                claim,
                with: RunResult(
                    outcome: .reverted,
                    reason: hostile,
                    rules: [rule],
                    ownRequestIDs: [hostile],
                    errorMessage: hostile,
                    notify: true
                )
            )
        }
        let reader = try LedgerReader(path: test.path)
        let row = try #require(
            try reader.events(matching: EventFilter(eventID: hostile, actor: hostile), after: nil, limit: 9).first
        )
        #expect(row.eventID == hostile && row.values.filter { $0 == .text(hostile) }.count == 11)
        #expect(try reader.rules(of: [hostile])[hostile]?.first?.values.last == .text(hostile))
    }

    @Test func `long text is cut between characters, and NUL does not end it`() {
        let event = EventFacts(eventID: "a\0b", eventName: "x" + String(repeating: "é", count: 4096))
        #expect(event.eventID == "a\u{FFFD}b")
        #expect(event.eventName == "x" + String(repeating: "é", count: 2047))
        #expect(EventFacts(eventID: "e", eventName: String(repeating: "y", count: 4096)).eventName.utf8.count == 4096)
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}
