import Formats
import Foundation
import GRDB
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Each column from the record to the view, to the trail and back from it.
@Suite struct ColumnTests {
    private static let time = Date(timeIntervalSince1970: 1_764_106_000)

    private static let facts = EventFacts(
        eventID: "event",
        digest: "digest of it",
        originalEventID: nil,
        eventName: "AuthorizeSecurityGroupIngress",
        account: "111122223333",
        region: "eu-west-1",
        groupID: "sg-1",
        actorARN: "actor's ARN",
        issuerARN: "issuer's ARN",
        actorType: "AssumedRole",
        actorID: "actor's id",
        invokedBy: "eks.amazonaws.com",
        sourceIP: "198.51.100.7",
        userAgent: "aws-cli",
        eventTime: time,
        requestID: "request"
    )

    private static let rule = RuleResult(
        ruleID: "sgr-1",
        groupID: "sg-1",
        direction: .egress,
        ipProtocol: "tcp",
        fromPort: 22,
        toPort: 23,
        source: "10.0.0.0/8",
        description: "why it is there",
        decision: .revert,
        reason: "forbid office",
        outcome: .failed,
        undo: "aws ec2 authorize-security-group-egress"
    )

    private static let result = RunResult(
        outcome: .failed,
        reason: "reason of it",
        rules: [rule],
        exposedMilliseconds: 1500,
        awsRequestID: "aws request",
        errorCode: "UnauthorizedOperation",
        errorMessage: "not allowed",
        isDryRun: true,
        policyDigest: "digest of policy"
    )

    /// What the view shows of an event of which everything is known that a first run can know.
    private static func shown(_ column: EventColumn) -> AuditValue {
        switch column {
        case .eventID: .text("event")
        case .outcome: .text("failed")
        case .reason: .text("reason of it")
        case .eventName: .text("AuthorizeSecurityGroupIngress")
        case .account: .text("111122223333")
        case .region: .text("eu-west-1")
        case .groupID: .text("sg-1")
        case .actorARN: .text("actor's ARN")
        case .issuerARN: .text("issuer's ARN")
        case .sourceIP: .text("198.51.100.7")
        case .userAgent: .text("aws-cli")
        case .eventTime: .text(RFC3339.format(time))
        case .receivedAt: .text(RFC3339.format(time.addingTimeInterval(3)))
        case .finishedAt: .null
        case .exposedMilliseconds: .integer(1500)
        case .attempts: .integer(1)
        case .deliveries: .integer(1)
        case .worker: .text("one")
        case .awsRequestID: .text("aws request")
        case .errorCode: .text("UnauthorizedOperation")
        case .errorMessage: .text("not allowed")
        case .notifiedAt: .null
        case .dryRun: .boolean(true)
        case .actorType: .text("AssumedRole")
        case .invokedBy: .text("eks.amazonaws.com")
        case .actorID: .text("actor's id")
        case .policyDigest: .text("digest of policy")
        }
    }

    private static func shown(_ column: RuleColumn) -> AuditValue {
        switch column {
        case .eventID: .text("event")
        case .ruleID: .text("sgr-1")
        case .groupID: .text("sg-1")
        case .direction: .text("egress")
        case .ipProtocol: .text("tcp")
        case .fromPort: .integer(22)
        case .toPort: .integer(23)
        case .source: .text("10.0.0.0/8")
        case .description: .text("why it is there")
        case .decision: .text("revert")
        case .reason: .text("forbid office")
        case .outcome: .text("failed")
        case .undo: .text("aws ec2 authorize-security-group-egress")
        }
    }

    /// A ledger with one event of which everything is known, or nothing but the id and the outcome.
    private func ledger(_ facts: EventFacts = facts, _ result: RunResult = result) async throws -> TestLedger {
        let test = try TestLedger()
        let claim = try await test.ledger.claim(facts, at: Self.time.addingTimeInterval(3)).claim
        try await test.ledger.write { try $0.finish(claim, with: result) }
        return test
    }

    private func event(_ test: TestLedger) throws -> AuditEvent {
        try #require(try LedgerReader(path: test.path).events(matching: EventFilter(), after: nil, limit: 1).first)
    }

    @Test func `every column of an event shows what the record and the run said`() async throws {
        let test = try await ledger()
        let event = try event(test)
        for column in EventColumn.allCases { #expect(event[column] == Self.shown(column), "\(column)") }
    }

    @Test func `every column of a rule shows what the run said`() async throws {
        let test = try await ledger()
        let rule = try #require(try LedgerReader(path: test.path).rules(of: ["event"])["event"]?.first)
        for column in RuleColumn.allCases { #expect(rule[column] == Self.shown(column), "\(column)") }
    }

    @Test func `a column of which nothing is known is null`() async throws {
        let test = try await ledger(EventFacts(eventID: "event", eventName: "A"), RunResult(outcome: .allowed))
        let event = try event(test)
        let known: Set<EventColumn> = [
            .eventID, .outcome, .eventName, .receivedAt, .finishedAt, .attempts, .deliveries, .worker, .dryRun,
        ]
        for column in EventColumn.allCases { #expect((event[column] != .null) == known.contains(column), "\(column)") }
        #expect(event[.dryRun] == .boolean(false))
    }

    @Test func `a rule without ports, id, description and decision has nulls there`() async throws {
        let bare = RuleResult(direction: .ingress, ipProtocol: "-1", source: "sg-2", outcome: .alreadyGone)
        let test = try await ledger(Self.facts, RunResult(outcome: .unchanged, rules: [bare]))
        let rule = try #require(try LedgerReader(path: test.path).rules(of: ["event"])["event"]?.first)
        let known: Set<RuleColumn> = [.eventID, .direction, .ipProtocol, .source, .outcome]
        for column in RuleColumn.allCases { #expect((rule[column] != .null) == known.contains(column), "\(column)") }
    }

    @Test func `what the trail has of an event makes the same row again, in every column`() async throws {
        let test = try await ledger()
        let event = try event(test)
        let reader = try LedgerReader(path: test.path)
        let entries = try reader.read { try TrailEntry.entries(of: "event", in: $0) }
        let replay = EventReplay(entries)
        for column in EventColumn.allCases where column != .deliveries {
            #expect(replay.cells[column] ?? .null == event[column], "\(column)")
        }
        #expect(try replay.check(event, reader.rules(of: ["event"])["event"] ?? []).isEmpty)
    }

    @Test func `also a row that a prune restated is the same in every column`() async throws {
        let test = try await ledger(Self.facts, Self.result.replacingOutcome(.suppressed))
        test.advance(40 * 86_400)
        try await test.ledger.finish("young", RunResult(outcome: .allowed))
        let before = try event(test)
        let cutoff = test.now.addingTimeInterval(-30 * 86_400)
        #expect(try await test.ledger.write { try $0.prune(before: cutoff) }.entries == 2)
        #expect(try event(test) == before && before.eventID == "event")
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'carried' AND event_id = 'event'") == "1")
    }

    @Test func `a request id and a digest are kept, though no view shows them`() async throws {
        let test = try await ledger()
        #expect(try test.value("SELECT digest || ', ' || request_id FROM events") == "digest of it, request")
        let entry = try #require(try test.value("SELECT entry FROM trail WHERE seq = 1"))
        #expect(entry.contains(#""digest":"digest of it""#) && entry.contains(#""request_id":"request""#))
    }

    @Test(arguments: EventColumn.allCases)
    func `a column has a meaning in one line, and its own place`(_ column: EventColumn) {
        #expect(EventColumn.allCases[column.position] == column)
        #expect(!column.meaning.contains("\n") && (10...100).contains(column.meaning.count))
        #expect(column.expression.hasSuffix(column.rawValue))
        #expect(AuditColumn.events[column.position] == AuditColumn(name: column.rawValue, meaning: column.meaning))
    }

    @Test func `no two columns have one name or one meaning`() {
        for columns in [AuditColumn.events, AuditColumn.rules] {
            #expect(Set(columns.map(\.name)).count == columns.count)
            #expect(Set(columns.map(\.meaning)).count == columns.count)
            #expect(columns.allSatisfy { $0.name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F } })
        }
        #expect(AuditColumn.rules.map(\.name) == RuleColumn.allCases.map(\.rawValue))
        #expect(StandingColumn.allCases.allSatisfy { !$0.meaning.isEmpty && $0.expression.hasSuffix($0.rawValue) })
    }

    /// A cell of the file, the value it becomes, and its text and number.
    @Test(arguments: [
        ("NULL", AuditValue.null), ("7", .integer(7)), ("-9223372036854775808", .integer(.min)), ("'7'", .text("7")),
        ("''", .text("")), ("1.5", .text("1.5")), ("x'6162'", .text("ab")), ("x'ff'", .text("\u{FFFD}")),
    ])
    func `whatever type somebody gave a cell, it is read`(_ sql: String, _ expected: AuditValue) async throws {
        let test = try await ledger()
        let reader = try LedgerReader(path: test.path)
        let value = try reader.read { db in
            try #require(try Row.fetchOne(db, sql: "SELECT \(sql)")?.databaseValues.first.map { AuditValue($0) })
        }
        #expect(value == expected)
        if case .text(let text) = expected { #expect(value.text == text && value.integer == nil) }
        if case .integer(let number) = expected { #expect(value.integer == number && value.text == nil) }
    }
}

extension RunResult {
    fileprivate func replacingOutcome(_ outcome: EventOutcome) -> RunResult {
        var result = self
        result.outcome = outcome
        return result
    }
}
