import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// What waits to be told to the other hosts of a fleet.
@Suite struct UntoldTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private static func rule(_ digit: Int = 1, event: String = "event", _ approval: Approval? = nil) -> SharedRule {
        SharedRule(
            ruleID: "sgr-\(digit)",
            content: "ingress tcp 22",
            eventID: event,
            asOf: Date(timeIntervalSince1970: 1_764_000_000.5),
            approval: approval
        )
    }

    @Test func `what is to be told waits as it was found out, the newest of each rule, until it is told`() async throws
    {
        let full = Approval(
            source: "exempt terraform",
            caller: Caller(issuerARN: "arn", invokedBy: "eks.amazonaws.com", sourceIdentity: "mia"),
            eventTime: test.now
        )
        let bare = Approval(source: "baseline")
        try await test.ledger.write {
            try $0.keep(untold: [Self.rule(1, event: "old"), Self.rule(2, bare), Self.rule(3)])
        }
        try await test.ledger.write { try $0.keep(untold: [Self.rule(1, full)]) }
        #expect(
            try await test.ledger.write { try $0.untoldRules() } == [
                Self.rule(1, full), Self.rule(2, bare), Self.rule(3),
            ]
        )
        // What was told is not what waits by now.
        try await test.ledger.write { try $0.forget(told: [Self.rule(1, event: "old"), Self.rule(2, bare)]) }
        #expect(try await test.ledger.write { try $0.untoldRules() } == [Self.rule(1, full), Self.rule(3)])
    }

    @Test func `a hundred rules are told at once`() async throws {
        try await test.ledger.write { try $0.keep(untold: (0..<101).map { Self.rule($0) }) }
        let part = try await test.ledger.write { try $0.untoldRules() }
        #expect(part.count == 100)
        try await test.ledger.write { try $0.forget(told: part) }
        #expect(try await test.ledger.write { try $0.untoldRules() }.count == 1)
    }
}
