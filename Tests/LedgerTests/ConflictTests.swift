import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

/// One event id with several contents, and records that complete another.
@Suite struct ConflictTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func event(_ digest: Character, id: String = "e", original: String? = nil) -> EventFacts {
        EventFacts(
            eventID: id,
            digest: String(repeating: digest, count: 64),
            originalEventID: original,
            eventName: "Authorize"
        )
    }

    @Test func `the same id with other content runs by itself, and neither blocks the other`() async throws {
        let forged = try await test.ledger.claim(event("a")).claim
        #expect(!forged.isConflict && forged.eventID == "e")
        try await test.ledger.write { try $0.finish(forged, with: RunResult(outcome: .ignored)) }
        let real = try await test.ledger.claim(event("b"), message: "m2").claim
        #expect(real.isConflict && real.eventID == "e~bbbbbbbbbbbb" && real.attempt == 1)
        try await test.ledger.write { try $0.finish(real, with: RunResult(outcome: .reverted)) }
        #expect(try await test.ledger.claim(event("b"), message: "m3") == .duplicate(.reverted))
        #expect(try await test.ledger.claim(event("a"), message: "m4") == .duplicate(.ignored))
        let found = try LedgerReader(path: test.path).events(matching: EventFilter(eventID: "e"), after: nil, limit: 9)
        #expect(Set(found.map(\.eventID)) == ["e", "e~bbbbbbbbbbbb"])
        _ = try LedgerReader(path: test.path).verify()
    }

    @Test func `an id that is written as that of a conflict does not sit in the conflict's place`() async throws {
        for id in ["e", "e~bbbbbbbbbbbb"] {
            let forged = try await test.ledger.claim(event("a", id: id), message: id).claim
            try await test.ledger.write { try $0.finish(forged, with: RunResult(outcome: .ignored)) }
        }
        let real = try await test.ledger.claim(event("b"), message: "m2").claim
        #expect(real.eventID == "e~bbbbbbbbbbbb" && real.isConflict && real.attempt == 1)
    }

    @Test func `an addendum to a judged event is a delivery of it`() async throws {
        let first = try await test.ledger.claim(event("a")).claim
        try await test.ledger.write { try $0.finish(first, with: RunResult(outcome: .unchanged)) }
        #expect(
            try await test.ledger.claim(event("b", id: "e-2", original: "e"), message: "m2") == .duplicate(.unchanged)
        )
        #expect(try test.value("SELECT group_concat(event_id || deliveries) FROM events") == "e2")
    }

    @Test(arguments: [EventOutcome.ignored, .failed, .deadLettered])
    func `an addendum to an event that was not judged runs under its own id`(_ outcome: EventOutcome) async throws {
        let first = try await test.ledger.claim(event("a")).claim
        try await test.ledger.write { try $0.finish(first, with: RunResult(outcome: outcome)) }
        #expect(try await test.ledger.claim(event("b", id: "e-2", original: "e"), message: "m2").claim.eventID == "e-2")
    }

    @Test func `an addendum that comes first does not stand in its original's way`() async throws {
        let addendum = try await test.ledger.claim(event("b", id: "e-2", original: "e")).claim
        try await test.ledger.write { try $0.finish(addendum, with: RunResult(outcome: .ignored)) }
        #expect(try await test.ledger.claim(event("a"), message: "m2").claim.eventID == "e")
    }

    @Test func `the rules that a record names are remembered with the claim`() async throws {
        let delivery = Delivery(messageID: "m", receivedAt: test.now)
        let first = try await test.ledger.write { [event] in
            try $0.claim(event("a", "e", nil), delivery: delivery, intent: ["sgr-1", "sgr-2"])
        }
        #expect(try first.claim.matchedRuleIDs == nil)
        test.advance(61)
        #expect(try await test.ledger.claim(event("a")).claim.matchedRuleIDs == ["sgr-1", "sgr-2"])
    }
}
