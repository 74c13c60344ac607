import Foundation
import GRDB
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct VerifyTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    /// Three events with all that an event can have: entries 1 to 8.
    private func fill() async throws {
        try await test.ledger.claim(.full("e1")).claim.finish(in: test.ledger, .reverting, notify: true)
        let notices = try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }
        for notice in notices { try await test.ledger.write { try $0.noticeSent(notice) } }
        try await test.ledger.finish("e2", RunResult(outcome: .failed, rules: [.rule("sgr-2", .failed)]))
        try await test.ledger.finish(
            "e2",
            RunResult(outcome: .reverted, rules: [.rule("sgr-2", .reverted, undo: "aws x")])
        )
        _ = try await test.ledger.claim("e3")
    }

    private func findings(anchor: Anchor? = nil) throws -> [AuditFinding] {
        try LedgerReader(path: test.path).verify(anchor: anchor).findings
    }

    private func finding(anchor: Anchor? = nil) throws -> AuditFinding? {
        try LedgerReader(path: test.path).verify(anchor: anchor).findings.first
    }

    /// Changes the file as somebody would who means to, triggers or not.
    private func tamper(_ sql: String) async throws {
        try await DatabaseQueue(path: test.path).writeWithoutTransaction { db in
            let triggers = try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE type = 'trigger'")
            try db.execute(
                sql: "DROP TRIGGER trail_keeps; DROP TRIGGER trail_stays; \(sql);"
                    + triggers.joined(separator: ";")
            )
        }
    }

    @Test func `what the workers wrote is in order`() async throws {
        _ = try test.ledger
        #expect(try LedgerReader(path: test.path).verify().anchor == nil)
        try await fill()
        let found = try LedgerReader(path: test.path).verify()
        #expect(found.entries == 8 && found.events == 3)
        #expect(found.anchor == (try await test.ledger.write { try $0.anchor() }))
    }

    /// Each a forgery and what is found first.
    static let forgeries: [(String, AuditFinding)] = [
        ("UPDATE trail SET entry = replace(entry, '0.0.0.0/0', '10.0.0.0/8') WHERE seq = 2", .unreadable(seq: 2)),
        ("UPDATE trail SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 4", .broken(seq: 4)),
        ("UPDATE trail SET worker = 'other' WHERE seq = 1", .broken(seq: 1)),
        ("UPDATE trail SET kind = 'note' WHERE seq = 5", .broken(seq: 5)),
        ("UPDATE trail SET hash = upper(hash) WHERE seq = 3", .broken(seq: 3)),
        ("DELETE FROM trail WHERE seq = 4", .removed(from: 4, to: 4)),
        ("DELETE FROM trail WHERE seq < 4", .removed(from: 1, to: 3)),
        (
            "UPDATE trail SET seq = -1 WHERE seq = 2; UPDATE trail SET seq = 2 WHERE seq = 3; "
                + "UPDATE trail SET seq = 3 WHERE seq = -1", .broken(seq: 2)
        ),
        (
            "UPDATE trail SET seq = -seq - 1 WHERE seq > 2; UPDATE trail SET seq = -seq WHERE seq < 0; "
                + "INSERT INTO trail SELECT 3, at, event_id, worker, kind, before, entry, entry_hash, hash FROM trail WHERE seq = 2",
            .broken(seq: 3)
        ),
        (
            "UPDATE events SET outcome = 'allowed' WHERE event_id = 'e1'",
            .differs(eventID: "e1", column: "outcome", shown: #""allowed""#, expected: #""reverted""#, seq: 3)
        ),
        (
            "UPDATE events SET worker = 'other' WHERE event_id = 'e2'",
            .differs(eventID: "e2", column: "worker", shown: #""other""#, expected: #""one""#, seq: 7)
        ),
        (
            "UPDATE notices SET sent_at = NULL WHERE event_id = 'e1'",
            .differs(
                eventID: "e1",
                column: "notified_at",
                shown: "null",
                expected: #""2025-11-25T21:40:59.123Z""#,
                seq: 3
            )
        ),
        (
            "UPDATE rules SET undo = 'rm -rf /' WHERE number = 2",
            .differs(
                eventID: "e2",
                column: "rule 1's undo",
                shown: #""rm -rf /""#,
                expected: #""aws x""#,
                seq: 7
            )
        ),
        (
            "DELETE FROM rules WHERE number = 2",
            .differs(eventID: "e2", column: "the number of rules", shown: "0", expected: "1", seq: 7)
        ),
        ("DELETE FROM events WHERE event_id = 'e3'", .missingEvent(eventID: "e3", seq: 8)),
        (
            "INSERT INTO events (event_id, digest, event_name, received_at, message_id, last_seq) "
                + "VALUES ('e4', '', 'A', '', 'm', 1)",
            .strayEvent(eventID: "e4")
        ),
        (
            "INSERT INTO rules (number, position, direction, protocol, source, outcome) VALUES (99, 0, '', '', '', '')",
            .strayEvent(eventID: "number 99")
        ),
        ("UPDATE events SET last_seq = 4 WHERE event_id = 'e2'", .hidden(eventID: "e2", seq: 5)),
        (
            "UPDATE events SET actor_type = 'Root' WHERE event_id = 'e1'",
            .differs(eventID: "e1", column: "actor_type", shown: #""Root""#, expected: "null", seq: 3)
        ),
        ("DROP VIEW audit_rules; CREATE VIEW audit_rules AS SELECT 1", .schema(name: "audit_rules")),
        ("DROP INDEX events_by_time", .schema(name: "events_by_time")),
    ]

    @Test(arguments: forgeries)
    func `a forgery is found and named`(_ sql: String, _ expected: AuditFinding) async throws {
        try await fill()
        try await tamper(sql)
        let found = try findings()
        #expect(found.contains(expected), "\(found)")
    }

    @Test func `all that is wrong is named, not the first alone`() async throws {
        try await fill()
        try await tamper(
            "UPDATE events SET outcome = 'allowed', reason = 'x' WHERE event_id = 'e1'; "
                + "UPDATE trail SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 4; DELETE FROM events WHERE event_id = 'e3'"
        )
        let found = try findings()
        #expect(found.contains(.broken(seq: 4)) && found.contains(.missingEvent(eventID: "e3", seq: 8)))
        #expect(found.count { if case .differs(eventID: "e1", _, _, _, _) = $0 { true } else { false } } == 3)
    }

    @Test func `an index that lost its leaf is found`() async throws {
        try await fill()
        try await DatabaseQueue(path: test.path).writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA writable_schema = 1;
                    CREATE TABLE spare (x); CREATE INDEX spare_x ON spare (x);
                    UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'spare_x')
                    WHERE name = 'events_by_time';
                    """
            )
        }
        let found = try findings()
        #expect(found.contains { if case .damaged = $0 { true } else { false } }, "\(found)")
    }

    @Test func `what an anchor was taken from must still be there`() async throws {
        try await fill()
        let anchor = try #require(try await test.ledger.write { try $0.anchor() })
        #expect(Anchor(anchor.description) == anchor && anchor.seq == 8)
        #expect(try finding(anchor: anchor) == nil)
        try await test.ledger.finish("e5", RunResult(outcome: .allowed))
        #expect(try finding(anchor: anchor) == nil)
        // Cut so that nothing but the anchor knows of it.
        try await tamper("DELETE FROM trail WHERE seq > 7; DELETE FROM events WHERE event_id IN ('e3', 'e5')")
        #expect(try finding() == nil)
        #expect(try finding(anchor: anchor) == .truncated(head: 7, anchor: 8))
        try await test.ledger.finish("e6", RunResult(outcome: .allowed))
        #expect(try finding() == nil)
        #expect(try finding(anchor: anchor) == .rewritten(anchor: 8))
    }

    @Test func `writers of several processes keep one chain`() async throws {
        let ledgers = try (0..<4).map { try test.open(worker: "w\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, ledger) in ledgers.enumerated() {
                group.addTask {
                    for event in 0..<10 { try await ledger.finish("e\(number)-\(event)", RunResult(outcome: .allowed)) }
                }
            }
            try await group.waitForAll()
        }
        let found = try LedgerReader(path: test.path).verify()
        #expect(found.entries == 80 && found.events == 40)
    }

    @Test func `every finding is one line`() {
        for (_, finding) in Self.forgeries { #expect(!finding.description.contains("\n")) }
    }
}

extension EventFacts {
    /// An event about which everything is known.
    static func full(_ eventID: String, time: Date = Date(timeIntervalSince1970: 1_764_106_000)) -> EventFacts {
        EventFacts(
            eventID: eventID,
            eventName: "AuthorizeSecurityGroupIngress",
            account: "111122223333",
            region: "eu-west-1",
            groupID: "sg-1",
            actorARN: "arn:aws:sts::111122223333:assumed-role/dev/anna",
            issuerARN: "arn:aws:iam::111122223333:role/dev",
            sourceIP: "198.51.100.7",
            userAgent: "aws-cli",
            eventTime: time,
            requestID: "r-\(eventID)"
        )
    }
}

extension RunResult {
    /// A run that revoked one rule.
    static var reverting: RunResult {
        RunResult(
            outcome: .reverted,
            rules: [.rule("sgr-1", .reverted, undo: "aws ec2 authorize")],
            exposedMilliseconds: 1500,
            awsRequestID: "r1",
            ownRequestIDs: ["r1"],
            calls: [
                APICall(action: "DescribeSecurityGroupRules", startedAt: .distantPast, milliseconds: 20),
                APICall(
                    action: "RevokeSecurityGroupIngress",
                    startedAt: .distantPast,
                    milliseconds: 30,
                    requestIDs: ["r1"]
                ),
            ]
        )
    }
}
