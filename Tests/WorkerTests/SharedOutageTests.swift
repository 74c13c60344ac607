import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Without its table a host goes on with its own ledger.
@Suite struct SharedOutageTests {
    @Test(arguments: [
        HTTPResponse.dynamoDBError("ResourceNotFoundException"),
        .dynamoDBError("AccessDeniedException"),
        .dynamoDBError("ThrottlingException"),
        .dynamoDBError("InternalServerError", status: 500),
        .text("<html>", status: 502),
    ])
    func `whatever the table answers, the rule is reverted and told, and later events do not ask`(
        _ refusal: HTTPResponse
    ) async throws {
        let it = try Fleet(standing: [1, 2])
        it.aws.with { $0.refusals["UpdateItem"] = Array(repeating: refusal, count: 50) }
        #expect(try await it.one.process(it.one.message(it.record.json)) == .delete)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
        let calls = it.tableCalls
        var other = it.record
        other.eventID = "other"
        other.rules = [2]
        #expect(try await it.one.process(it.one.message(other.json, id: "m2")) == .delete)
        #expect(try it.one.test.event("outcome", "other") == "reverted")
        #expect(it.tableCalls == calls)
    }

    @Test func `a table that is lost in the middle of a run holds nothing up`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        it.aws.with { $0.tables = [:] }
        #expect(try await it.one.claims.renew([claim]) == [])
        try await it.one.claims.finish(claim, with: RunResult(outcome: .reverted, notify: true), slot: nil)
        try await it.settle(it.one, for: .seconds(15))
        #expect(try await it.told(it.one) == [])
        try await it.settle(it.one, for: .seconds(20))
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
    }

    @Test func `a host that wakes up, finds the table too slow and has lost its claim tells nothing`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claimAndLapse(by: it.one)
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        // As many as the client tries.
        let busy = HTTPResponse.dynamoDBError("InternalServerError", status: 500)
        it.aws.with { $0.refusals["UpdateItem"] = Array(repeating: busy, count: 4) }
        let session = try it.aws.session()
        let shared = try Fleet.claims("one", time: it.time, session: session)
        let claims = EventClaims(writer: it.one.writer, shared: shared)
        try await claims.finish(claim, with: RunResult(outcome: .reverted, notify: true), slot: nil)
        #expect(it.aws.with { $0.refusals["UpdateItem"]?.count } == 0)
        // A stop in that moment leaves the notice to the next start.
        await HeldNotices(claims: claims, clock: it.time.clock, logger: .silent) {}.last(tellsUnknown: false)
        #expect(try await it.told(it.one) == [])
        // By then a probe has found the table again.
        try await it.settle(it.one)
        #expect(try await it.one.writer.write { try $0.heldNotices(olderThan: .zero) }.isEmpty)
        #expect(try await it.told(it.one) == [])
    }

    @Test func `a table that never answers holds an event up for no longer than the bound`() async throws {
        let time = VirtualTime()
        let aws = ScriptedAWS(time: time) { action in
            if action == "UpdateItem" { await StopSignal().wait() }
        }
        aws.with { $0.tables[Fleet.table] = [:] }
        let it = try Pipeline(standing: [1], time: time, aws: aws) { session in
            try Fleet.claims("one", time: time, session: session, watchdog: time.clock)
        }
        let start = time.instant
        let facts = EventFacts(eventID: "other", digest: "d", eventName: "AuthorizeSecurityGroupIngress")
        let delivery = Delivery(messageID: "m0", receivedAt: time.now)
        #expect(try await it.claims.shared.claim(facts, delivery, intent: []) == .alone)
        #expect(time.instant - start == TableCalls.bound)
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(time.instant - start == TableCalls.bound, "nobody asks a table that is out")
        #expect(try it.test.event("outcome") == "reverted")
    }

    @Test func `after an outage that both hosts worked through, an event is told once`() async throws {
        let it = try Fleet(standing: [1])
        it.aws.with { $0.tables = [:] }
        #expect(try await it.one.process(it.one.message(it.record.json)) == .delete)
        #expect(try await it.two.process(it.two.message(it.record.json, id: "m2")) == .delete)
        #expect(it.aws.count(of: "RevokeSecurityGroupIngress") == 1)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
        #expect(try await it.told(it.two) == [])
    }

    @Test func `an item that is too large is no outage of the table`() async throws {
        let lanes = try Fleet().one.lanes()
        let lane = Lane(.dynamodb)
        let error = AWSServiceError(
            service: "dynamodb",
            operation: "UpdateItem",
            code: "ValidationException",
            message: "Item size to update has exceeded the maximum allowed size",
            statusCode: 400
        )
        #expect(try await lanes.attempt(lane) { () -> Int in throw error } == nil)
        #expect(try await lanes.attempt(lane) { 1 } == 1)
    }

    @Test func `a lane that is tried is not waited for`() async throws {
        let it = try Fleet()
        let lanes = it.one.lanes()
        let lane = Lane(.dynamodb)
        #expect(try await lanes.attempt(lane) { 1 } == 1)
        #expect(try await lanes.attempt(lane) { () -> Int in throw TableTooSlow(table: "t") } == nil)
        #expect(try await lanes.attempt(lane) { 1 } == nil)
        #expect(lanes.board.summary == "DynamoDB")
        #expect(lanes.board.mayReceive)
        #expect(lane.consequence.contains("ledger"))
    }
}
