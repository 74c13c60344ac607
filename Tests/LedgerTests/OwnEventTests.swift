import Foundation
import Hashing
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// Events that sg-revert made itself and that did not end: no message brings them again.
@Suite struct OwnEventTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func rule(_ number: Int = 1, port: Int = 22) throws -> StandingRule {
        try Fixture.standing(number, Fixture.rule(port: port), since: test.now)
    }

    /// Shows a rule to the ledger; a rule that does not stand is gone.
    private func see(_ rule: StandingRule, stands: Bool = true) async throws {
        var result = RunResult(outcome: .allowed)
        result.sightings = [rule.seen(stands: stands)]
        try await test.ledger.finish("seen-\(UUID())", result)
    }

    private func facts(_ rule: StandingRule, _ name: String = OwnEvent.sweep, hasTime: Bool = true) -> EventFacts {
        EventFacts(
            eventID: name == OwnEvent.sweep
                ? OwnEvent.sweepID(of: rule, round: 0) : OwnEvent.exemptionEndID(of: rule, until: nil, round: 0),
            digest: Digest.hex(Digest.sha256(Array(OwnEvent.detail(name, of: rule).utf8))),
            eventName: name,
            account: rule.account,
            region: rule.region,
            groupID: rule.groupID.description,
            eventTime: hasTime ? test.now : nil
        )
    }

    private func begin(_ facts: EventFacts) async throws -> Claim {
        let now = test.now
        return try await test.ledger.write {
            try $0.claim(facts, delivery: Delivery(messageID: facts.eventID, receivedAt: now))
        }.claim
    }

    private func run(_ facts: EventFacts, _ outcome: EventOutcome) async throws {
        try await begin(facts).finish(in: test.ledger, RunResult(outcome: outcome))
    }

    private func open(limit: Int = 100) async throws -> [LedgerTransaction.OpenEvent] {
        try await test.ledger.write { try $0.openEvents(limit: limit) }
    }

    @Test(arguments: EventOutcome.allCases)
    func `an event of our own that failed or was suppressed comes again after its pause, and no other`(
        _ outcome: EventOutcome
    ) async throws {
        let rule = try rule()
        try await see(rule)
        try await run(facts(rule), outcome)
        #expect(try await open().isEmpty, "it ran just now")
        test.advance(60)
        let found = try await open()
        #expect(found.map(\.eventID) == (outcome.isFinal ? [] : [OwnEvent.sweepID(of: rule, round: 0)]))
    }

    @Test func `it comes with the rule, its own time, and whether the rule still stands`() async throws {
        let rule = try rule()
        try await see(rule)
        let facts = facts(rule)
        try await run(facts, .failed)
        test.advance(60)
        let standing = try #require(try await open().first)
        #expect(standing.name == OwnEvent.sweep && standing.time == facts.eventTime && standing.isStanding)
        #expect(standing.rule.id == rule.id && standing.rule.content == rule.content)
        #expect(standing.rule.account == "111122223333" && standing.rule.region == "eu-west-1")
        try await see(rule, stands: false)
        #expect(try await open().map(\.isStanding) == [false])
    }

    @Test func `of a rule that says something else by now it comes with what it said then`() async throws {
        let (old, new) = (try rule(port: 22), try rule(port: 23))
        try await see(old)
        try await run(facts(old), .failed)
        try await see(new)
        test.advance(60)
        let found = try #require(try await open().first)
        #expect(found.rule.content == old.content && !found.isStanding)
    }

    @Test func `an event without a time has the time at which its rule came to stand`() async throws {
        let rule = try rule()
        try await see(rule)
        test.advance(500)
        try await run(facts(rule, hasTime: false), .failed)
        test.advance(60)
        #expect(try await open().map(\.time) == [rule.since])
    }

    @Test func `a run whose worker died comes again once its lease has ended`() async throws {
        let rule = try rule()
        try await see(rule)
        _ = try await begin(facts(rule))
        test.advance(59)
        #expect(try await open().isEmpty)
        test.advance(1)
        #expect(try await open().count == 1)
    }

    @Test func `a run whose worker died before the clock was set back comes again at once`() async throws {
        let rule = try rule()
        try await see(rule)
        _ = try await begin(facts(rule))
        test.advance(-7200)
        #expect(try await open().count == 1)
    }

    @Test func `what is about a rule that nobody saw, or was made of other content, is left out`() async throws {
        let (seen, unseen) = (try rule(1), try rule(2))
        try await see(seen)
        try await run(facts(unseen), .failed)
        let forged = EventFacts(
            eventID: OwnEvent.sweepID(of: seen, round: 0),
            digest: "of something else",
            eventName: OwnEvent.sweep,
            groupID: Fixture.groupName
        )
        try await run(forged, .failed)
        try await run(
            EventFacts(eventID: "sweep-nothing", eventName: OwnEvent.sweep, groupID: Fixture.groupName),
            .failed
        )
        try await run(EventFacts(eventID: "sweep-sgr-1", eventName: OwnEvent.sweep), .failed)
        try await run(
            EventFacts(eventID: "asweep-sgr-1-x", eventName: OwnEvent.sweep, groupID: Fixture.groupName),
            .failed
        )
        test.advance(86_400)
        #expect(try await open().isEmpty)
    }

    @Test func `they come in the order in which they began, and no more than asked for`() async throws {
        for digit in [3, 1, 2] {
            let rule = try rule(digit)
            try await see(rule)
            try await run(facts(rule, digit == 1 ? OwnEvent.exemptionEnd : OwnEvent.sweep), .failed)
        }
        test.advance(60)
        func digits(_ limit: Int) async throws -> String {
            try await open(limit: limit).map { String($0.rule.id.description.suffix(1)) }.joined()
        }
        #expect(try await digits(100) == "312")
        #expect(try await digits(2) == "31")
        #expect(try await digits(0) == "")
        #expect(try await open().map(\.name) == ["Sweep", "ExemptionEnd", "Sweep"])
    }

    /// The number of failed runs, and the seconds until the next.
    @Test(arguments: [(1, 60.0), (2, 120), (3, 240), (6, 1920), (7, 3600), (8, 3600), (12, 3600)] as [(Int, Double)])
    func `the pause after a failure doubles up to an hour`(_ runs: Int, _ pause: Double) async throws {
        let facts = facts(try rule())
        for number in 1...runs {
            if number > 1 { test.advance(3600) }
            try await run(facts, .failed)
        }
        test.advance(pause - 1)
        #expect(try await !test.ledger.write { try $0.isOpen(ownEvent: facts.eventID) })
        test.advance(1)
        #expect(try await test.ledger.write { try $0.isOpen(ownEvent: facts.eventID) })
    }

    @Test func `an event that was never begun is open`() async throws {
        #expect(try await test.ledger.write { try $0.isOpen(ownEvent: "sweep-x") })
    }

    // MARK: Ends of exemptions

    private func next(_ rule: StandingRule, until: Date? = nil, isDryRun: Bool = false) async throws -> String? {
        try await test.ledger.write { try $0.nextExemptionEnd(of: rule, until: until, isDryRun: isDryRun) }
    }

    @Test func `the end of an exemption closes a rule once, and again after the rule came back`() async throws {
        let rule = try rule()
        let id = try #require(try await next(rule))
        #expect(id == OwnEvent.exemptionEndID(of: rule, until: nil, round: 0))
        try await run(facts(rule, OwnEvent.exemptionEnd), .reverted)
        #expect(try await next(rule) == nil)
        test.advance(60)
        #expect(try await next(self.rule()) == id + "-2", "it stands since later than the run")
    }

    @Test func `each end of an exemption has an event of its own`() async throws {
        let rule = try rule()
        let ids = [
            try await next(rule), try await next(rule, until: test.now),
            try await next(rule, until: test.now.addingTimeInterval(1)), try await next(self.rule(port: 23)),
            try await next(self.rule(2)),
        ]
        #expect(Set(ids.compactMap(\.self)).count == ids.count)
    }

    @Test func `what a dry run reported is closed in earnest once the worker may`() async throws {
        let rule = try rule()
        let id = try #require(try await next(rule, isDryRun: true))
        try await run(facts(rule, OwnEvent.exemptionEnd), .reported)
        test.advance(3599)
        #expect(try await next(rule) == nil, "no look has found it since")
        test.advance(1)
        #expect(try await next(rule, isDryRun: true) == nil)
        #expect(try await next(rule) == id + "-2")
    }

    @Test func `an end that failed has the same id again, after its pause`() async throws {
        let rule = try rule()
        let id = try #require(try await next(rule))
        try await run(facts(rule, OwnEvent.exemptionEnd), .failed)
        #expect(try await next(rule) == nil)
        test.advance(60)
        #expect(try await next(rule) == id)
    }
}
