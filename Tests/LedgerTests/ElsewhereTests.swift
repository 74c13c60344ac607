import Foundation
import SecurityGroups
import TestSupport
import Testing

@testable import Ledger

/// What other hosts of a fleet did, as this host's ledger keeps it.
@Suite struct ElsewhereTests {
    private let test: TestLedger

    init() throws { test = try TestLedger() }

    private func rule() throws -> StandingRule { try Fixture.standing(description: "ssh", since: test.now) }

    private func sweep() throws -> EventFacts {
        EventFacts(eventID: OwnEvent.sweepID(of: try rule(), round: 0), eventName: "Sweep", groupID: Fixture.groupName)
    }

    private func keep(_ outcome: EventOutcome) async throws {
        let (event, now) = (try sweep(), test.now)
        try await test.ledger.write {
            try $0.keep(outcome, ofElsewhere: event, Delivery(messageID: "own", receivedAt: now))
        }
    }

    @Test(arguments: EventOutcome.allCases)
    func `an event of our own that another host judged is done here, and changed nothing here`(
        _ outcome: EventOutcome
    )
        async throws
    {
        try await keep(outcome)
        let id = try sweep().eventID
        #expect(try test.event("outcome", id) == (outcome == .reported ? "reported" : "unchanged"))
        #expect(try test.event("reason", id) == "another host judged it: \(outcome.rawValue)")
        #expect(try await !test.ledger.write { try $0.isOpen(ownEvent: id) })
        #expect(try LedgerReader(path: test.path).verify().findings.isEmpty)
    }

    @Test func `what was kept of another host is kept once, and told to nobody`() async throws {
        for _ in 0..<3 { try await keep(.reverted) }
        #expect(try test.value("SELECT count(*) FROM trail") == "2")
        #expect(try await test.ledger.write { try $0.takeNotices(limit: 9, lease: .seconds(60)) }.isEmpty)
    }

    @Test func `an event that a worker of this host runs now is left to it`() async throws {
        let (event, now) = (try sweep(), test.now)
        let claim = try await test.ledger.write {
            try $0.claim(event, delivery: Delivery(messageID: "own", receivedAt: now))
        }.claim
        try await keep(.reverted)
        #expect(try test.event("outcome", event.eventID) == nil)
        try await test.ledger.write { try $0.finish(claim, with: .reverting) }
        #expect(try test.event("outcome", event.eventID) == "reverted")
    }

    @Test func `what a worker of this host reverted is not overwritten by what another host found`() async throws {
        let (event, now) = (try sweep(), test.now)
        try await test.ledger.write { transaction in
            guard
                case .run(let claim) = try transaction.claim(
                    event,
                    delivery: Delivery(messageID: "own", receivedAt: now)
                )
            else { return }
            try transaction.finish(claim, with: .reverting)
        }
        try await keep(.unchanged)
        #expect(try test.event("outcome", event.eventID) == "reverted")
    }

    @Test func `a rule that another host left to an exempt caller stands here for the same reason`() async throws {
        let approval = Approval(
            source: "exempt terraform",
            caller: Caller(issuerARN: "arn:aws:iam::111122223333:role/terraform", invokedBy: "x", sourceIdentity: "y"),
            eventTime: test.now.addingTimeInterval(-30)
        )
        let rule = try rule()
        #expect(
            try await test.ledger.write { try $0.keep(approval, of: rule, from: "event-of-there") }
        )
        let found = try #require(try await test.ledger.write { try $0.exemptRules() }.first)
        #expect(found.id == rule.id && found.groupID == rule.groupID && found.content == rule.content)
        #expect(found.account == "111122223333" && found.region == "eu-west-1" && found.approval == approval)
        #expect(try await test.ledger.write { try $0.unexplainedRules() }.isEmpty)
        #expect(try test.value("SELECT event_id FROM sightings") == "event-of-there")
    }

    @Test func `an approval of elsewhere ends the wait of a rule that a look here found`() async throws {
        let rule = try rule()
        var result = RunResult(outcome: .allowed)
        result.sightings = [rule.seen()]
        try await test.ledger.finish("seen", result)
        #expect(try await test.ledger.write { try $0.unexplainedCount() } == 1)
        let approval = Approval(source: "exempt terraform", eventTime: test.now)
        let long = String(repeating: "x", count: 5000)
        #expect(try await test.ledger.write { try $0.keep(approval, of: rule, from: long) })
        #expect(try await test.ledger.write { try $0.unexplainedCount() } == 0)
        #expect(try test.value("SELECT max(length(event_id)) FROM sightings").flatMap(Int.init) ?? 0 <= 4096)
    }
}
