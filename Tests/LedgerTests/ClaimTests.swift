import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct ClaimTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    @Test func `a new event runs, as the first attempt`() async throws {
        #expect(try await test.ledger.claim("e") == .run(Claim(eventID: "e", fence: 1, attempt: 1)))
    }

    @Test func `an event whose lease is live is held until its end`() async throws {
        _ = try await test.ledger.claim("e")
        let end = test.now.addingTimeInterval(60)
        guard case .held(let until) = try await test.open(worker: "two").claim("e", message: "m2") else {
            Issue.record("not held")
            return
        }
        #expect(abs(until.timeIntervalSince(end)) < 0.001)
    }

    @Test func `an event whose lease ran out runs with the next fence`() async throws {
        _ = try await test.ledger.claim("e")
        test.advance(60)
        let two = try test.open(worker: "two")
        #expect(try await two.claim("e") == .run(Claim(eventID: "e", fence: 2, attempt: 2, isTakeover: true)))
        #expect(try test.value("SELECT worker FROM audit_events") == "two")
    }

    @Test(arguments: EventOutcome.allCases)
    func `failed, suppressed and dead-lettered run again, any other outcome is a duplicate`(
        _ outcome: EventOutcome
    ) async throws {
        try await test.ledger.finish("e", RunResult(outcome: outcome))
        let again = try await test.ledger.claim("e", message: "m2")
        if !outcome.isFinal || outcome == .deadLettered {
            #expect(again == .run(Claim(eventID: "e", fence: 2, attempt: 2)))
        } else {
            #expect(again == .duplicate(outcome))
        }
        #expect(try test.value("SELECT deliveries FROM audit_events") == "2")
    }

    @Test func `a higher replay count runs again, once`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .allowed))
        try await test.ledger.finish("e", message: "m2", replays: 2, RunResult(outcome: .allowed))
        for (message, replays) in [("m2", 2), ("m3", 1), ("m1", 0)] {
            #expect(try await test.ledger.claim("e", message: message, replays: replays) == .duplicate(.allowed))
        }
        #expect(try await test.ledger.claim("e", message: "m4", replays: 3).claim.attempt == 3)
    }

    @Test func `a replay whose worker died runs when its message comes again`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .allowed))
        _ = try await test.ledger.claim("e", message: "m2", replays: 1).claim
        test.advance(61)
        try await test.ledger.finish("e", message: "m2", replays: 1, RunResult(outcome: .allowed))
        #expect(try await test.ledger.claim("e", message: "m2", replays: 1) == .duplicate(.allowed))
    }

    @Test func `a replay that failed runs when its message comes again`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .reverted))
        try await test.ledger.finish("e", message: "m2", replays: 1, RunResult(outcome: .failed))
        try await test.ledger.finish("e", message: "m2", replays: 1, RunResult(outcome: .unchanged))
        #expect(try await test.ledger.claim("e", message: "m2", replays: 1) == .duplicate(.reverted))
    }

    @Test func `the takeover of a replay remembers its count`() async throws {
        try await test.ledger.finish("e", RunResult(outcome: .allowed))
        _ = try await test.ledger.claim("e", message: "m2", replays: 1).claim
        test.advance(61)
        try await test.ledger.finish("e", message: "m3", RunResult(outcome: .allowed))
        #expect(try await test.ledger.claim("e", message: "m2", replays: 1) == .duplicate(.allowed))
    }

    @Test func `the same message counts as one delivery, and the first receipt is kept`() async throws {
        let event = EventFacts(eventID: "e", eventName: "Authorize")
        _ = try await test.ledger.claim(event, at: test.now)
        for message in ["m1", "m2", "m1"] { _ = try await test.ledger.claim(event, message: message, at: test.now + 9) }
        #expect(try test.value("SELECT deliveries || ' ' || attempts FROM audit_events") == "2 1")
        #expect(try test.value("SELECT received_at FROM audit_events") == RFC3339.format(test.now))
    }

    @Test func `matched rules are those that a run named last, over the end of the run`() async throws {
        let first = try await test.ledger.claim("e").claim
        try await test.ledger.write { try $0.remember(matched: ["sgr-1"], for: first) }
        try await test.ledger.write { try $0.remember(matched: ["sgr-1", "sgr-2"], for: first) }
        try await test.ledger.write { try $0.finish(first, with: RunResult(outcome: .failed)) }
        #expect(try await test.ledger.claim("e").claim.matchedRuleIDs == ["sgr-1", "sgr-2"])
    }

    @Test func `no matched rules is another thing than never matched`() async throws {
        let first = try await test.ledger.claim("e").claim
        #expect(first.matchedRuleIDs == nil)
        try await test.ledger.write { try $0.remember(matched: [], for: first) }
        test.advance(61)
        #expect(try await test.ledger.claim("e").claim.matchedRuleIDs == [])
    }

    @Test func `a run after a failure is told what was reverted before it`() async throws {
        let reverted = RuleResult.rule("sgr-1", .reverted, undo: "aws ec2 authorize")
        try await test.ledger.finish("e", RunResult(outcome: .failed, rules: [reverted, .rule("sgr-2", .failed)]))
        #expect(try await test.ledger.claim("e").claim.alreadyReverted == [reverted])
    }

    @Test func `a worker that wakes up after its lease was taken writes nothing`() async throws {
        let old = try await test.ledger.claim("e").claim
        test.advance(61)
        let two = try test.open(worker: "two")
        let new = try await two.claim("e").claim
        let lost = LedgerError.claimLost(eventID: "e", fence: 1)
        await #expect(throws: lost) {
            try await test.ledger.write { try $0.finish(old, with: RunResult(outcome: .failed)) }
        }
        await #expect(throws: lost) { try await test.ledger.write { try $0.remember(matched: [], for: old) } }
        try await two.write { try $0.finish(new, with: RunResult(outcome: .allowed)) }
        await #expect(throws: lost) {
            try await test.ledger.write { try $0.finish(old, with: RunResult(outcome: .reverted)) }
        }
        #expect(try test.value("SELECT outcome || ' ' || worker FROM audit_events") == "allowed two")
        #expect(try test.value("SELECT count(*) FROM trail WHERE kind = 'finished'") == "1")
    }

    @Test func `a claim is finished once`() async throws {
        let claim = try await test.ledger.claim("e").claim
        try await test.ledger.write { try $0.finish(claim, with: RunResult(outcome: .allowed)) }
        await #expect(throws: LedgerError.claimLost(eventID: "e", fence: 1)) {
            try await test.ledger.write { try $0.finish(claim, with: RunResult(outcome: .reverted)) }
        }
    }

    @Test func `a late worker whose lease nobody took still finishes`() async throws {
        let claim = try await test.ledger.claim("e").claim
        test.advance(600)
        try await test.ledger.write { try $0.finish(claim, with: RunResult(outcome: .allowed)) }
        #expect(try await test.ledger.claim("e") == .duplicate(.allowed))
    }

    @Test func `renewing holds what is held and names what is lost`() async throws {
        let mine = try await test.ledger.claim("mine").claim
        let stolen = try await test.ledger.claim("stolen").claim
        test.advance(59)
        #expect(try await test.ledger.write { try $0.renew([mine]) } == [])
        test.advance(59)
        _ = try await test.open(worker: "two").claim("stolen").claim
        #expect(try await test.ledger.write { try $0.renew([mine, stolen]) } == [stolen])
        guard case .held = try await test.ledger.claim("mine") else {
            Issue.record("the renewed lease does not hold")
            return
        }
    }
}
