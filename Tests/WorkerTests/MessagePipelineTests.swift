import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// A message's way ends in one outcome and one disposition.
@Suite struct MessagePipelineTests {
    @Test func `a rule that must not stand is reverted, recorded and told, and the message deleted`() async throws {
        let it = try Pipeline(standing: [1])
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(try it.test.event("outcome") == "reverted")
        #expect(try it.test.event("exposed_ms") == "60000")
        #expect(try it.test.rules("outcome") == ["reverted"])
        let notices = try await it.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }
        #expect(notices.map(\.id) == ["\(Name.event):reverted"])
    }

    @Test func `a rule that a person approves after its event has failed stays when the event runs again`() async throws
    {
        let it = try Pipeline(standing: [1])
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        #expect(try await it.process(it.message(it.record.json)) != .delete)
        let ids = try await it.writer.write { try $0.approve(.rule(Name.rule(1)), by: "mia", reason: nil) }
        #expect(ids == [Name.rule(1)])
        #expect(try await it.process(it.message(it.record.json)) == .delete)
        #expect(it.aws.with { $0.rules.count } == 1)
    }

    @Test(arguments: [(true, false, 1), (false, true, 0)]
    )
    func
        `a report that an entry asks for is told whatever notify.on says, and that of a dry run only where it is asked for`(
            isEntry: Bool,
            isDryRun: Bool,
            count: Int
        ) async throws
    {
        var policy = try Policy.watching([#require(SecurityGroupID(Name.group))])
        if isEntry {
            let watch = Watch(groups: [Name.group], action: .report, origin: "watch[1]")
            policy = Policy(watch: [watch])
        }
        let it = try Pipeline(standing: [1], policy: policy, isDryRun: isDryRun)
        _ = try await it.process(it.message(it.record.json))
        #expect(try it.test.event("outcome") == "reported")
        let notices = try await it.writer.write { try $0.takeNotices(limit: 10, lease: .seconds(60)) }
        #expect(notices.count == count)
    }

    @Test func `the same event again is deleted, whoever brings it, and touches nothing`() async throws {
        let it = try Pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.json))
        let calls = it.aws.with { $0.calls.count }
        #expect(try await it.process(it.message(it.record.json, id: "m2")) == .delete)
        #expect(it.aws.with { $0.calls.count } == calls)
        #expect(try it.test.event("deliveries") == "2")
        #expect(try it.test.event("attempts") == "1")
    }

    @Test func `an addendum of a known event is a duplicate of it`() async throws {
        let it = try Pipeline(standing: [1])
        _ = try await it.process(it.message(it.record.json))
        var addendum = it.record
        addendum.eventID = "another id"
        addendum.members["addendum"] = #"{"reason":"UPDATED_DATA","originalEventID":"\#(Name.event)"}"#
        #expect(try await it.process(it.message(addendum.json, id: "m2")) == .delete)
        #expect(try it.test.event("deliveries") == "2")
        #expect(try it.test.event("outcome", "another id") == nil)
    }

    @Test func `an event that another worker holds is looked at again soon, then after longer pauses`() async throws {
        let it = try Pipeline(standing: [1])
        let facts = EventFacts(
            eventID: Name.event,
            digest: it.record.digest,
            eventName: "AuthorizeSecurityGroupIngress"
        )
        let now = it.time.now
        _ = try await it.writer.write { try $0.claim(facts, delivery: Delivery(messageID: "m0", receivedAt: now)) }
        #expect(try await it.process(it.message(it.record.json)) == .postpone(.seconds(2)))
        #expect(try await it.process(it.message(it.record.json, receives: 2)) == .postpone(.seconds(4)))
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `a replay runs a finished event afresh, and the message of before is still a duplicate`() async throws {
        let it = try Pipeline(isDryRun: true)
        _ = try await it.process(it.message(it.record.json))
        let count = MessageAttributeValue(dataType: "Number", stringValue: "1")
        let replay = it.message(it.record.json, id: "m2", attributes: ["SgRevertReplayCount": count])
        #expect(try await it.process(replay) == .delete)
        #expect(try it.test.event("attempts") == "2")
        #expect(try await it.process(replay) == .delete)
        #expect(try it.test.event("attempts") == "2")
    }

    @Test(arguments: [
        ("RunInstances", Name.group, ["errorCode": "\"Client.x\""], "not-a-rule-change"),
        ("AuthorizeSecurityGroupIngress", Name.group, ["errorCode": "\"Client.x\""], "call-failed"),
        ("AuthorizeSecurityGroupIngress", "sg-11111111", ["errorCode": "\"Client.x\""], "call-failed"),
        ("RevokeSecurityGroupIngress", Name.group, ["requestID": "\"req-ours\""], "own-change"),
        ("RevokeSecurityGroupIngress", "sg-11111111", ["requestID": "\"req-ours\""], "own-change"),
        ("RevokeSecurityGroupIngress", Name.group, [:], "not-watched"),
        ("AuthorizeSecurityGroupIngress", "sg-11111111", [:], "not-watched"),
        // We add no rules under this policy, so such a call is not ours, whatever id its record claims.
        ("AuthorizeSecurityGroupIngress", "sg-11111111", ["requestID": "\"req-ours\""], "not-watched"),
        (
            "AuthorizeSecurityGroupIngress", Name.group, ["eventSource": "\"rds.amazonaws.com\""],
            "not-a-rule-change"
        ),
    ]
    )
    func `what is not for us is ignored, for the first reason that holds`(
        eventName: String,
        group: String,
        members: [String: String],
        reason: String
    ) async throws {
        let it = try Pipeline(standing: [1])
        let facts = EventFacts(eventID: "earlier", eventName: "x")
        let now = it.time.now
        try await it.writer.write { transaction in
            let claimed = try transaction.claim(facts, delivery: Delivery(messageID: "m0", receivedAt: now))
            let claim = try #require(claimed.claim)
            try transaction.finish(claim, with: RunResult(outcome: .reverted, ownRequestIDs: ["req-ours"]))
        }
        var record = it.record
        record.eventName = eventName
        record.group = group
        record.members = members
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome") == "ignored")
        #expect(try it.test.event("reason") == reason)
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `a failed run is recorded and comes again after a pause; the next delivery runs at once, and ends it`()
        async throws
    {
        let it = try Pipeline(standing: [1])
        it.aws.with {
            $0.refusals["DescribeSecurityGroupRules"] = Array(repeating: .ec2Error("Internal", status: 500), count: 3)
        }
        #expect(try await it.process(it.message(it.record.json, receives: 2)) == .postpone(.seconds(8)))
        #expect(try it.test.event("outcome") == "failed")
        #expect(try it.test.event("finished_at") == nil)
        #expect(it.deadLetters.isEmpty)
        #expect(try await it.process(it.message(it.record.json, receives: 3)) == .delete)
        #expect(try it.test.event("outcome") == "reverted")
        #expect(try it.test.event("attempts") == "2")
    }

    @Test func `who loses the claim while running revokes nothing, records nothing and does not delete`() async throws {
        let time = VirtualTime()
        let test = try TestLedger(time)
        let thief = try LedgerWriter(test.ledger)
        let facts = EventFacts(
            eventID: Name.event,
            digest: RecordText(time: time.now - 60).digest,
            eventName: "AuthorizeSecurityGroupIngress"
        )
        // While this worker looks, its lease runs out, and somebody else takes the event.
        let aws = ScriptedAWS(time: time) { action in
            guard action == "DescribeSecurityGroupRules" else { return }
            time.advance(.seconds(61))
            let delivery = Delivery(messageID: "m2", receivedAt: time.now)
            _ = try? await thief.write { try $0.claim(facts, delivery: delivery) }
        }
        let it = try Pipeline(standing: [1], time: time, aws: aws, test: test)
        let message = it.message(it.record.json)
        await #expect(throws: LedgerError.claimLost(eventID: Name.event, fence: 1)) { try await it.process(message) }
        #expect(try test.event("outcome") == nil)
        #expect(aws.with { $0.revokes }.isEmpty)
    }
}
