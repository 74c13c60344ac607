import Formats
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@Suite struct StoryTests {
    let test: TestLedger

    init() throws { test = try TestLedger() }

    private func story(_ eventID: String) throws -> EventStory? {
        try LedgerReader(path: test.path).story(of: eventID)
    }

    @Test func `an event nobody knows has no story`() throws {
        _ = try test.ledger
        #expect(try story("e") == nil)
    }

    @Test func `each run is told with its calls, and who was told of it`() async throws {
        var failure = RunResult(outcome: .failed, errorCode: "RequestLimitExceeded")
        failure.calls = [
            APICall(
                action: "DescribeSecurityGroupRules",
                startedAt: test.now,
                milliseconds: 12,
                requestIDs: ["r1", "r2"],
                error: "slow down"
            )
        ]
        try await test.ledger.finish("e", failure)
        try await test.ledger.claim(.full("e")).claim.finish(in: test.ledger, .reverting, notify: true)
        for notice in try await test.ledger.write({ try $0.takeNotices(limit: 1, lease: .seconds(9)) }) {
            try await test.ledger.write { try $0.noticeFailed(notice, error: "no topic", retryAfter: .seconds(5)) }
        }

        let story = try #require(try story("e"))
        #expect(story.event[.outcome] == .text("reverted") && story.rules.count == 1)
        #expect(story.runs.map { $0.cells[.outcome] } == [.text("failed"), .text("reverted")])
        #expect(story.runs[0].cells[.errorCode] == .text("RequestLimitExceeded"))
        #expect(story.runs[0].cells[.endedAt] == .text(RFC3339.format(test.now)))
        #expect(
            story.runs[0].calls.map(\.cells.values) == [
                [
                    .text("DescribeSecurityGroupRules"), .text(RFC3339.format(test.now)), .integer(12), .text("r1 r2"),
                    .text("slow down"),
                ]
            ]
        )
        #expect(story.runs[1].calls.count == 2)
        let due = RFC3339.format(test.now + 5)
        #expect(
            story.notices.map(\.cells.values) == [
                [.text("reverted"), .text("pending"), .integer(1), .null, .text(due), .text("no topic")]
            ]
        )
    }

    @Test func `a run that never ended, and one that changed nothing, are told as such`() async throws {
        _ = try await test.ledger.claim("e")
        test.advance(61)
        try await test.ledger.finish("e", .reverting)
        try await test.ledger.finish("e", message: "m2", replays: 1, RunResult(outcome: .unchanged))
        let runs = try #require(try story("e")).runs.map(\.cells)
        #expect(runs.map { $0[.endedAt] == .null } == [true, false, false])
        #expect(runs.map { $0[.replaces] } == [.null, .boolean(true), .boolean(false)])
        #expect(runs.map { $0[.attempt] } == [.integer(1), .integer(2), .integer(3)])
    }
}
