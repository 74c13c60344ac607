import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct FinishTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    /// What stands after a second run, for each first outcome: of the second's outcomes, those that replace it.
    static let replacements: [(EventOutcome, Set<EventOutcome>)] = [
        (.reverted, [.reverted]), (.unchanged, [.reverted]), (.allowed, [.reverted]), (.notRestored, [.reverted]),
        (.conflict, [.reverted]), (.suppressed, Set(EventOutcome.allCases)),
        (.reported, Set(EventOutcome.allCases)), (.ignored, Set(EventOutcome.allCases)),
        (.failed, Set(EventOutcome.allCases)), (.deadLettered, Set(EventOutcome.allCases)),
    ]

    @Test(arguments: replacements)
    func `a later run replaces the row only if it may`(
        _ first: EventOutcome,
        _ replacing: Set<EventOutcome>
    ) async throws {
        for second in EventOutcome.allCases {
            let id = second.rawValue
            try await test.ledger.finish(
                id,
                RunResult(outcome: first, reason: "first", rules: [.rule("sgr-1", .allowed)])
            )
            let result = RunResult(outcome: second, reason: "second", rules: [.rule("sgr-2", .failed)])
            try await test.ledger.finish(id, message: "m2", replays: 1, result)
            let row =
                "SELECT e.outcome || ' ' || e.reason || ' ' || r.rule_id || ' ' || attempts"
                + " FROM audit_events e JOIN audit_rules r USING (event_id) WHERE event_id = '\(id)'"
            let replaced = replacing.contains(second)
            let expected = replaced ? "\(second.rawValue) second sgr-2 2" : "\(first.rawValue) first sgr-1 2"
            #expect(try test.value(row) == expected, "\(first) then \(second)")
            #expect(try test.value("SELECT count(*) FROM trail WHERE kind <> 'claimed' AND event_id = '\(id)'") == "2")
        }
    }

    @Test(arguments: EventOutcome.allCases)
    func `only failed and suppressed are not final`(_ outcome: EventOutcome) async throws {
        try await test.ledger.finish("e", RunResult(outcome: outcome))
        let expected = outcome == .failed || outcome == .suppressed ? nil : RFC3339.format(test.now)
        #expect(try test.value("SELECT finished_at FROM audit_events") == expected)
    }

    @Test func `a failure after a dead letter takes the time of its end away`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .deadLettered))
        try await test.ledger.finish("e", RunResult(outcome: .failed))
        #expect(try test.value("SELECT finished_at FROM audit_events") == nil)
    }

    @Test func `own calls are known by EC2's id, also those of a run that changed no row`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted, ownRequestIDs: ["r1", "r2"]))
        try await test.ledger.finish("e", replays: 1, RunResult(outcome: .failed, ownRequestIDs: ["r2", "r3"]))
        for (id, own) in [("r1", true), ("r2", true), ("r3", true), ("r4", false)] {
            #expect(try await test.ledger.write { try $0.isOwnCall(requestID: id) } == own)
        }
    }

    @Test func `the trail has each run whole, with sorted keys`() async throws {
        let rule = RuleResult.rule("sgr-1", .reverted, undo: "aws \"x\"\n")
        try await test.ledger.finish(
            "e",
            RunResult(
                outcome: .reverted,
                rules: [rule],
                exposedMilliseconds: 1500,
                ownRequestIDs: ["r1"],
                isDryRun: true
            )
        )
        let entry = try test.value("SELECT entry FROM trail WHERE kind = 'finished'")
        let finishedAt = RFC3339.format(test.now)
        #expect(
            entry
                == #"{"attempt":1,"fence":1,"own_request_ids":["r1"],"replaces":true,"result":{"dry_run":true,"#
                + #""exposed_ms":1500,"finished_at":"\#(finishedAt)","outcome":"reverted"},"#
                + #""rules":[{"decision":"revert","description":"d","direction":"ingress","from_port":22,"#
                + #""group_id":"sg-1","named":true,"outcome":"reverted","protocol":"tcp","reason":"watch[0]","rule_id":"sgr-1","#
                + #""source":"0.0.0.0/0","to_port":22,"undo":"aws \"x\"\n"}]}"#
        )
    }
}
