import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// Hosts that share a table do each event once.
@Suite struct SharedClaimsTests {
    @Test func `an event that one host did is a duplicate on the other, which touches nothing and tells nobody`()
        async throws
    {
        let it = try Fleet(standing: [1])
        #expect(try await it.one.process(it.one.message(it.record.json)) == .delete)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
        let calls = it.aws.count(of: "DescribeSecurityGroupRules")
        #expect(try await it.two.process(it.two.message(it.record.json, id: "m2")) == .delete)
        #expect(it.aws.count(of: "DescribeSecurityGroupRules") == calls)
        #expect(try it.two.test.event("outcome") == nil)
        #expect(try await it.told(it.two) == [])
        #expect(it.row?.outcome == .reverted)
        #expect(it.row?.leaseUntil == nil)
    }

    @Test func `an event runs although somebody is ahead in the table with every write`() async throws {
        let it = try Fleet(standing: [1])
        let refusals = (1...40).map { number in
            let item: DynamoDBItem = [
                "digest": .string(it.facts.digest), "fence": .integer(number), "token": .string("\(number)"),
            ]
            return HTTPResponse.dynamoDBError("ConditionalCheckFailedException", item: item)
        }
        it.aws.with { $0.refusals["UpdateItem"] = refusals }
        #expect(try await it.one.process(it.one.message(it.record.json)) == .delete)
        #expect(try it.one.test.event("outcome") == "reverted")
    }

    @Test func `a duplicate on the same host is counted as its delivery`() async throws {
        let it = try Fleet(standing: [1])
        _ = try await it.one.process(it.one.message(it.record.json))
        #expect(try await it.one.process(it.one.message(it.record.json, id: "m2")) == .delete)
        #expect(try it.one.test.event("deliveries") == "2")
    }

    @Test func `an event costs a claim, a look at the exemptions, an end, and the id of the call that reverted`()
        async throws
    {
        let it = try Fleet(standing: [1])
        _ = try await it.one.process(it.one.message(it.record.json))
        #expect(it.tableCalls == 4)
    }

    @Test func `a record that is none of our business costs no call`() async throws {
        let it = try Fleet()
        var record = it.record
        record.eventName = "RunInstances"
        #expect(try await it.one.process(it.one.message(record.json)) == .delete)
        #expect(it.tableCalls == 0)
        #expect(try it.one.test.event("outcome") == "ignored")
    }

    @Test func `an event that another host runs is postponed`() async throws {
        let it = try Fleet(standing: [1])
        guard case .run = try await it.one.claims.shared.claim(it.facts, it.delivery, intent: []) else {
            Issue.record("the event is free")
            return
        }
        #expect(try await it.two.process(it.two.message(it.record.json)) == .postpone(.seconds(2)))
        #expect(try it.two.test.event("outcome") == nil)
    }

    @Test func `the host that takes over from a killed one tells of what that one reverted`() async throws {
        let it = try Fleet(standing: [1])
        let shared = it.one.claims.shared
        let hold = try #require(try await shared.claim(it.facts, it.delivery, intent: []).claim)
        try await shared.remember([Name.rule(1)], for: hold)
        // Killed after the revoke.
        it.aws.with { $0.rules = [:] }
        it.time.advance(WorkerOptions.lease + .seconds(1))
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try it.two.test.rules("outcome") == ["reverted"])
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
        #expect(it.row?.fence == 2)
    }

    @Test(arguments: [false, true])
    func `a claim that a third host gives back does not hide the run of a host that died`(hasFailed: Bool) async throws
    {
        let it = try Fleet(standing: [1])
        if hasFailed {
            try await it.one.claims.finish(it.claim(by: it.one), with: RunResult(outcome: .failed), slot: nil)
        }
        _ = try await it.claimAndLapse(by: it.one, intent: [Name.rule(1)])
        it.aws.with { $0.rules = [:] }
        await it.one.claims.giveUp(try await it.claim(by: it.one), mayHaveReverted: false)
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try it.two.test.rules("outcome") == ["reverted"])
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
    }

    @Test func `what a worker reverted under its ledger alone is told by the host that comes after its death`()
        async throws
    {
        let it = try Fleet()
        let (facts, delivery) = (it.facts, it.delivery)
        // It claimed the event while the table was out.
        let alone = try await it.one.writer.write {
            try $0.claim(facts, delivery: delivery, intent: [Name.rule(1)])
        }
        #expect(alone.claim != nil)
        let slot = WorkSlot(clock: it.time.clock)
        // Another worker of its host finds that out from the ledger.
        let other = try await it.one.claims.claim(facts, delivery, intent: [Name.rule(1)], slot: slot)
        guard case .held = other else {
            Issue.record("the ledger's claim is live")
            return
        }
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try it.two.test.rules("outcome") == ["reverted"])
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
    }

    @Test func `a first claim that was given back is no run of which a host could tell`() async throws {
        let it = try Fleet()
        await it.one.claims.giveUp(try await it.claim(by: it.one, intent: [Name.rule(1)]), mayHaveReverted: false)
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try it.two.test.rules("outcome") == ["already-gone"])
        #expect(try await it.told(it.two) == [])
    }

    @Test func `a host that was paused for longer than its lease finishes nothing and drops its notice`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claimAndLapse(by: it.one)
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)

        await #expect(throws: MessageLost.self) {
            let result = RunResult(outcome: .reverted, notify: true)
            try await it.one.claims.finish(claim, with: result, slot: nil)
        }
        #expect(try await it.told(it.one) == [])
        try await it.settle(it.one)
        #expect(try await it.told(it.one) == [])
        #expect(try await it.one.writer.write { try $0.heldNotices(olderThan: .zero) }.isEmpty)
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
        #expect(try await it.one.claims.renew([claim]) == [claim])
    }

    @Test(arguments: [EventOutcome.reverted, .notRestored, .reported, .conflict])
    func `a host that judged after its claim was taken over tells of it, unless another host has told that`(
        own: EventOutcome
    ) async throws {
        for other in [EventOutcome.unchanged, own] {
            let it = try Fleet(standing: [1])
            let claim = try await it.claimAndLapse(by: it.one)
            let second = try await it.claim(by: it.two)
            let result = RunResult(outcome: other, notify: other == own)
            try await it.two.claims.finish(second, with: result, slot: nil)
            await #expect(throws: MessageLost.self) {
                try await it.one.claims.finish(claim, with: RunResult(outcome: own, notify: true), slot: nil)
            }
            try await it.settle(it.one)
            #expect(try await it.told(it.one) == (other == .unchanged ? ["\(Name.event):\(own.rawValue)"] : []))
            #expect(try await it.one.writer.write { try $0.heldNotices(olderThan: .zero) }.isEmpty)
        }
    }

    @Test func `a renewal that comes after the end of its run claims nothing again`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        let hold = try #require(claim.shared)
        try await it.one.claims.finish(claim, with: RunResult(outcome: .reverted), slot: nil)
        #expect(try await it.one.claims.shared.renew([hold]) == [hold])
        await #expect(throws: MessageLost.self) {
            try await it.one.claims.shared.remember([Name.rule(1)], for: hold)
        }
        #expect(it.row?.leaseUntil == nil)
        let second = try await it.two.claims.claim(it.facts, it.delivery, slot: WorkSlot(clock: it.time.clock))
        #expect(second == .duplicate(.reverted))
    }

    @Test func `a notice waits while the host that took over has come to no outcome`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claimAndLapse(by: it.one)
        _ = try #require(try await it.two.claims.shared.claim(it.facts, it.delivery, intent: []).claim)
        await #expect(throws: MessageLost.self) {
            try await it.one.claims.finish(claim, with: RunResult(outcome: .reverted, notify: true), slot: nil)
        }
        try await it.settle(it.one, for: HeldNotices.longestWait - .seconds(5))
        #expect(try await it.one.writer.write { try $0.heldNotices(olderThan: .zero) }.count == 1)
        #expect(try await it.told(it.one) == [])
    }

    @Test func `a notice waits a quarter of an hour for a host that failed and never runs the event again`()
        async throws
    {
        let it = try Fleet(standing: [1])
        let claim = try await it.claimAndLapse(by: it.one)
        let second = try await it.claim(by: it.two)
        try await it.two.claims.finish(second, with: RunResult(outcome: .failed, notify: false), slot: nil)
        await #expect(throws: MessageLost.self) {
            try await it.one.claims.finish(claim, with: RunResult(outcome: .deadLettered, notify: true), slot: nil)
        }
        try await it.settle(it.one, for: HeldNotices.longestWait + .seconds(5))
        #expect(try await it.told(it.one) == ["\(Name.event):dead-lettered"])
    }

    @Test func `a crash between the ledger's end and the table's is settled at the next start`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        try await it.one.writer.write { try $0.finish(claim, with: RunResult(outcome: .reverted, notify: true)) }
        #expect(try await it.told(it.one) == [])
        try await it.settle(it.one)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
        #expect(it.row?.outcome == .reverted)
    }

    @Test func `a crash before the table's end is mended by the redelivery to the same host`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        try await it.one.writer.write { try $0.finish(claim, with: RunResult(outcome: .reverted, notify: true)) }
        it.time.advance(WorkerOptions.lease + .seconds(1))
        #expect(try await it.one.process(it.one.message(it.record.json, id: "m2")) == .delete)
        #expect(it.row?.outcome == .reverted)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
        #expect(it.aws.count(of: "RevokeSecurityGroupIngress") == 0)
    }

    @Test func `a crash before the table's end of a conflict is mended by the redelivery to the same host`()
        async throws
    {
        let it = try Fleet(standing: [1])
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        var other = it.record
        other.rules = [2]
        try it.aws.stand([2])
        let facts = EventFacts(eventID: Name.event, digest: other.digest, eventName: "AuthorizeSecurityGroupIngress")
        let claimed = try await it.one.claims.claim(facts, it.delivery, slot: WorkSlot(clock: it.time.clock))
        let claim = try #require(claimed.claim)
        try await it.one.writer.write { try $0.finish(claim, with: RunResult(outcome: .reverted, notify: true)) }
        it.time.advance(WorkerOptions.lease + .seconds(1))
        #expect(try await it.one.process(it.one.message(other.json, id: "m2")) == .delete)
        #expect(try await it.told(it.one) == ["\(claim.eventID):reverted"])
    }

    @Test func `without a table at the next start, what waits is told`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        try await it.one.writer.write { try $0.finish(claim, with: RunResult(outcome: .reverted, notify: true)) }
        await HeldNotices(claims: EventClaims(writer: it.one.writer), clock: it.time.clock, logger: .silent) {}.run()
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
    }

    @Test func `a claim whose answer was lost is known as the same claim when it is made again`() async throws {
        let it = try Fleet(standing: [1])
        it.aws.with { $0.lost["UpdateItem"] = [.dynamoDBError("InternalServerError", status: 500)] }
        let answer = try await it.one.claims.shared.claim(it.facts, it.delivery, intent: [])
        #expect(answer == .run(SharedClaim(key: Name.event, fence: 1, token: "one-1")))
        #expect(it.aws.count(of: "UpdateItem") == 2)
    }

    @Test func `the same id with other content is a conflict on every host`() async throws {
        let it = try Fleet(standing: [1])
        _ = try await it.one.process(it.one.message(it.record.json))
        var other = it.record
        other.rules = [2]
        try it.aws.stand([2])
        #expect(try await it.two.process(it.two.message(other.json)) == .delete)
        let row = "\(Name.event)~\(other.digest.prefix(12))"
        #expect(try it.two.test.event("reason", row)?.hasPrefix("conflict") == true)
        #expect(try await it.one.process(it.one.message(other.json)) == .delete)
        #expect(try it.one.test.event("outcome", row) == nil)
    }

    @Test func `an addendum of an event that another host did is a duplicate of it`() async throws {
        let it = try Fleet(standing: [1])
        _ = try await it.one.process(it.one.message(it.record.json))
        var addendum = it.record
        addendum.eventID = "another id"
        addendum.members["addendum"] = #"{"reason":"UPDATED_DATA","originalEventID":"\#(Name.event)"}"#
        #expect(try await it.two.process(it.two.message(addendum.json, id: "m2")) == .delete)
        #expect(try it.two.test.event("outcome", "another id") == nil)
    }

    @Test func `a replay runs on whichever host it comes to, and once`() async throws {
        let it = try Fleet()
        _ = try await it.one.process(it.one.message(it.record.json))
        let count = MessageAttributeValue(dataType: "Number", stringValue: "1")
        let replay = it.two.message(it.record.json, id: "m2", attributes: ["SgRevertReplayCount": count])
        #expect(try await it.two.process(replay) == .delete)
        #expect(try it.two.test.event("attempts") == "1")
        #expect(try await it.two.process(replay) == .delete)
        #expect(try await it.one.process(replay) == .delete)
        #expect(try it.two.test.event("attempts") == "1")
        #expect(try it.one.test.event("attempts") == "1")
        #expect(it.row?.fence == 2)
    }

    @Test func `a host that was paused with a notice tells nothing that another told, though no call works at first`()
        async throws
    {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        try await it.one.writer.write { try $0.finish(claim, with: RunResult(outcome: .reverted, notify: true)) }
        // Paused between the two ends, for long.
        it.time.advance(WorkerOptions.lease + .seconds(1))
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
        let busy = HTTPResponse.dynamoDBError("InternalServerError", status: 500)
        it.aws.with { $0.refusals["UpdateItem"] = Array(repeating: busy, count: 4) }
        let silent = EventClaims(
            writer: it.one.writer,
            shared: try Fleet.claims("one", time: it.time, session: it.aws.session())
        )
        try await it.settle(it.one, for: .seconds(10), claims: silent)
        #expect(it.aws.with { $0.refusals["UpdateItem"]?.count } == 0)
        #expect(try await it.told(it.one) == [])
        try await it.settle(it.one)
        #expect(try await it.one.writer.write { try $0.heldNotices(olderThan: .zero) }.isEmpty)
        #expect(try await it.told(it.one) == [])
    }

    @Test func `a pause in the silence of the table begins the wait anew`() async throws {
        let it = try Fleet(standing: [1])
        let claim = try await it.claim(by: it.one)
        it.aws.with { $0.tables = [:] }
        try await it.one.claims.finish(claim, with: RunResult(outcome: .reverted, notify: true), slot: nil)
        let held = HeldNotices(claims: it.one.claims, clock: it.time.clock, logger: .silent) {}
        var silence = HeldNotices.Silence()
        for pause in [5, 5, 60, 5, 5] {
            it.time.advance(.seconds(pause))
            try await held.round(&silence)
        }
        #expect(try await it.told(it.one) == [])
        it.time.advance(.seconds(5))
        try await held.round(&silence)
        #expect(try await it.told(it.one) == ["\(Name.event):reverted"])
    }

    @Test func `hosts that fail at the same event tell of it once, and of its end once`() async throws {
        let it = try Fleet(standing: [1])
        let denied = HTTPResponse.ec2Error("UnauthorizedOperation", status: 403)
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [denied, denied] }
        #expect(try await it.one.process(it.one.message(it.record.json)) != .delete)
        #expect(try await it.two.process(it.two.message(it.record.json)) != .delete)
        #expect(try await it.told(it.one) == ["\(Name.event):failed"])
        #expect(try await it.told(it.two) == [])
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try await it.told(it.two) == ["\(Name.event):reverted"])
        #expect(it.row?.told == [.failed, .reverted])
    }

    @Test func `an event that failed on one host is run again on the other`() async throws {
        let it = try Fleet(standing: [1])
        it.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)]
        }
        #expect(try await it.one.process(it.one.message(it.record.json)) != .delete)
        #expect(it.row?.outcome == .failed)
        #expect(try await it.two.process(it.two.message(it.record.json)) == .delete)
        #expect(try it.two.test.event("outcome") == "reverted")
    }

    @Test func `for a record without rule ids, a later run on another host touches no other rules`() async throws {
        let it = try Fleet(standing: [1])
        var record = it.record
        record.hasRuleIDs = false
        let ids = EventFacts(eventID: Name.event, digest: record.digest, eventName: "AuthorizeSecurityGroupIngress")
        let shared = it.one.claims.shared
        let hold = try #require(try await shared.claim(ids, it.delivery, intent: []).claim)
        try await shared.remember([Name.rule(9)], for: hold)
        _ = try await shared.finish(hold, .failed, tells: true)
        #expect(try await it.two.process(it.two.message(record.json)) == .delete)
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test func `a call of another host's IAM user is our own`() async throws {
        let policy = Policy.watching(.ingressAdded, .ingressRemoved)
        let it = try Fleet(standing: [1], policy: policy)
        it.aws.with { $0.callerARN = "arn:aws:iam::111122223333:user/worker" }
        _ = try await it.one.process(it.one.message(it.record.json))
        let requestID = try #require(try it.one.test.event("aws_request_id"))
        var echo = RecordText.remove(1, eventID: "echo", time: it.time.now)
        echo.members["requestID"] = "\"\(requestID)\""
        #expect(try await it.two.process(it.two.message(echo.json, id: "m2")) == .delete)
        #expect(try it.two.test.event("reason", "echo") == "own-change")
        #expect(it.aws.with { $0.amendments.isEmpty })
    }
}
