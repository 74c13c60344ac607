import Foundation
import Ledger
import SecurityGroups
import Testing
import Worker

@testable import sg_revert

/// The way of a test event, as people and programs read it.
@Suite struct TestEventJourneyTests {
    private let folder: AuditFolder
    private let start = Date(timeIntervalSince1970: 1_764_063_000)

    init() throws {
        folder = try AuditFolder()
    }

    private var event: TestEvent {
        TestEvent(
            eventID: "e0",
            queueURL: "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            region: "eu-west-1",
            at: start
        )
    }

    /// The journey of an event that ended as the row of a ledger says.
    private func journey(_ path: String) throws -> TestEventJourney {
        let row = try #require(
            try LedgerReader(path: path).events(matching: EventFilter(eventID: "e0"), after: nil, limit: 1).first
        )
        return TestEventJourney(
            eventID: "e0",
            messageID: "m0",
            startedAt: start,
            sentAt: start + 0.25,
            ending: TestEventEnding(row, in: path),
            seenAt: Date()
        )
    }

    @Test func `its row says with which outcome it ended, and after how long`() async throws {
        let path = try await folder.ledger("a", outcome: .ignored)
        let journey = try journey(path)
        #expect(journey.ending.result == "ignored")
        #expect(!journey.ending.isAsMeant, "the reason is not the one of a test event")
        let cells = Dictionary(uniqueKeysWithValues: journey.row.cells.map { ($0.column, $0.value) })
        #expect(cells["ledger"] == .text(path) && cells["worker"] == .text("a"))
        #expect(cells["send_ms"] == .integer(250))
        #expect(cells["queue_ms"]?.integer != nil && cells["work_ms"]?.integer != nil)
    }

    @Test func `an event that was handled as each of its kind is as meant`() async throws {
        let path = try await folder.ledger("a", outcome: .ignored, reason: "not-a-rule-change")
        let journey = try journey(path)
        #expect(journey.ending.isAsMeant && journey.ending.result == "ignored: not-a-rule-change")
        let lines = journey.lines(queue: "https://q")
        #expect(lines.count == 5 && lines[0].hasPrefix("began     2025-11-25T09:30:00.000Z"))
        #expect(lines[1].contains("+250 ms") && lines[1].hasSuffix("to https://q as message m0"))
        #expect(lines[3].contains("as ignored: not-a-rule-change, which is right"))
    }

    @Test func `the row is found in whichever ledger has it`() async throws {
        let (empty, full) = (try await folder.ledger("a", events: 0), try await folder.ledger("b"))
        let watch = try TestEventWatch([LedgerReader(path: empty), LedgerReader(path: full)], table: nil)
        #expect(watch.places == "\(empty), \(full)")
        guard case .ended(let found)? = try await watch.look(for: event, message: "m0") else {
            Issue.record("not found")
            return
        }
        #expect(found.place == full && found.worker == "b")
    }

    @Test func `nothing is seen before there is a row, and a dead letter is seen by its message`() async throws {
        let path = try await folder.ledger("a", events: 0)
        let watch = try TestEventWatch([LedgerReader(path: path)], table: nil)
        #expect(try await watch.look(for: event, message: "m0") == nil)
        let ledger = try LedgerDatabase(path: path, worker: "a") { Date() }
        try await ledger.write { transaction in
            try transaction.note(
                kind: .deadLettered,
                entry: ["message_id": .text("m0"), "reason": .text("untrusted-sender")]
            )
        }
        guard case .buried(let reason)? = try await watch.look(for: event, message: "m0") else {
            Issue.record("not seen")
            return
        }
        #expect(reason == "untrusted-sender")
        #expect(try await watch.look(for: event, message: "m1") == nil)
    }

    @Test func `a burial from before the event was sent is another's`() async throws {
        let path = try await folder.ledger("a", events: 0)
        let ledger = try LedgerDatabase(path: path, worker: "a") { Date() }
        try await ledger.write { transaction in
            try transaction.note(kind: .deadLettered, entry: ["message_id": .text("m0"), "reason": .text("not-json")])
        }
        let watch = try TestEventWatch([LedgerReader(path: path)], table: nil)
        #expect(try await watch.look(for: event, message: "m0") == nil)
    }
}
