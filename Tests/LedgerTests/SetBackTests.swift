import Formats
import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// The clock was set back: what was written before has times of the future.
@Suite struct SetBackTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func live(_ digit: Int) throws -> LiveRule {
        try Fixture.live(digit, Fixture.rule(port: 22), description: "rule \(digit)")
    }

    private func look(_ rules: [LiveRule]) async throws {
        try await test.ledger.write { _ = try $0.look(rules) }
    }

    private func unexplained() async throws -> [String] {
        let now = test.now
        return try await test.ledger.write { try $0.allUnexplained(since: now, isDryRun: false).map(\.eventID) }
    }

    private func begin(_ facts: EventFacts) async throws -> Claim {
        try await test.ledger.claim(facts, message: facts.eventID, at: test.now).claim
    }

    @Test func `the lease of a worker that died before the clock was set back holds up no sweep of its group`()
        async throws
    {
        try await look([])
        try await look([live(1), live(2)])
        let eventID = try #require(try await unexplained().first)
        let facts = EventFacts(eventID: eventID, eventName: "Sweep", groupID: Fixture.groupName)
        let claim = try await begin(facts)
        test.advance(7200)
        #expect(try await test.ledger.write { try $0.renew([claim]) }.isEmpty)
        #expect(try await unexplained().isEmpty)
        test.advance(-7000)
        #expect(try await unexplained().count == 2)
    }

    @Test func `a rule that was swept before the clock was set back is swept again when it comes back`() async throws {
        try await look([])
        try await look([live(1)])
        let facts = EventFacts(
            eventID: try #require(await unexplained().first),
            eventName: "Sweep",
            groupID: Fixture.groupName
        )
        try await begin(facts).finish(in: test.ledger, RunResult(outcome: .reverted))
        test.advance(-7200)
        try await look([])
        try await look([live(1)])
        #expect(try await unexplained().count == 1)
    }

    @Test func `what a clock that ran ahead saw counts as seen now, once the clock is right`() async throws {
        try await look([live(2)])
        test.advance(86_400)
        try await look([live(1), live(2)])
        test.advance(-80_000)
        #expect(try await unexplained().isEmpty)
        try await look([live(1), live(2)])
        #expect(try await unexplained().count == 1)
        #expect(
            try test.value("SELECT count(*) FROM sightings WHERE first_seen > '\(RFC3339.format(test.now))'") == "0"
        )
    }
}
