import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// The events in the table, as a person's command reads them.
@Suite struct EventTableTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet() }

    @Test func `how a test event ended is in the table, whichever host took it`() async throws {
        let event = TestEvent(
            eventID: "3f6c1d0e-8a55-4c1b-9c5e-2f1f0a9f6b11",
            queueURL: Name.queueURL,
            region: "eu-west-1",
            at: fleet.time.now
        )
        let events = EventTable(client: try fleet.one.session.dynamodb(), name: Fleet.table)
        #expect(try await events.ending(of: event.eventID) == nil)
        #expect(try await fleet.two.process(fleet.two.message(event.body)) == .delete)
        let ending = try #require(try await events.ending(of: event.eventID))
        #expect(ending.outcome == .ignored && ending.worker == "two")
        #expect(ending.finishedAt == fleet.time.now)
    }

    @Test func `a record that concerns nobody is not in the table, and one under way has no ending`() async throws {
        var record = fleet.record
        record.eventName = "DescribeSecurityGroups"
        #expect(try await fleet.one.process(fleet.one.message(record.json)) == .delete)
        #expect(fleet.row == nil)
        guard case .run = try await fleet.one.claims.shared.claim(fleet.facts, fleet.delivery, intent: []) else {
            Issue.record("nobody has the event")
            return
        }
        let events = EventTable(client: try fleet.one.session.dynamodb(), name: Fleet.table)
        #expect(try await events.ending(of: Name.event) == nil)
    }
}
