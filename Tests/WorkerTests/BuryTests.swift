import AWSClient
import Foundation
import Ledger
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// What can never succeed goes to the dead-letter queue, copy first.
@Suite struct BuryTests {
    @Test(arguments: [("no JSON", "not-json"), ("{}", "no-event-id"), (#"{"eventName":"x"}"#, "no-event-id")]
    )
    func `a message without an event id is buried with its reason, and the trail alone tells of it`(
        body: String,
        reason: String
    ) async throws {
        let it = try Pipeline()
        #expect(try await it.process(it.message(body)) == .delete)
        #expect(it.deadLetters.map(\.body) == [body])
        #expect(it.deadLetters.first?.attributes["SgRevertReason"]?.stringValue == reason)
        #expect(it.deadLetters.first?.attributes["SgRevertEventId"] == nil)
        #expect(it.deadLetters.first?.attributes["SgRevertWorker"]?.stringValue == "one")
    }

    @Test(arguments: [
        (["requestParameters": "null", "responseElements": #"{"securityGroupRuleSet":7}"#], "undecodable"),
        (["requestParameters": "{}", "responseElements": "{}"], "undecodable"),
        (["awsRegion": "\"eu-west-1.evil.example\""], "impossible"),
        (["recipientAccountId": "\"1234\""], "impossible"),
    ]
    )
    func
        `a record that cannot be read, or names what cannot exist, is buried and recorded before any other call to AWS`(
            members: [String: String],
            reason: String
        ) async throws
    {
        let it = try Pipeline(standing: [1])
        var record = it.record
        record.members = members
        #expect(try await it.process(it.message(record.json)) == .delete)
        #expect(try it.test.event("outcome") == "dead-lettered")
        #expect(try it.test.event("reason") == reason)
        #expect(it.deadLetters.first?.attributes["SgRevertReason"]?.stringValue == reason)
        #expect(it.deadLetters.first?.attributes["SgRevertEventId"]?.stringValue == Name.event)
        #expect(it.deadLetters.first?.body == record.json)
        #expect(it.aws.with { $0.calls } == ["SendMessage"])
    }

    @Test(arguments: ["sg-x", "sg-0a1b/../.."]
    )
    func `a group id that cannot exist is impossible even where it is not watched`(group: String) async throws {
        let it = try Pipeline()
        var record = it.record
        record.group = group
        _ = try await it.process(it.message(record.json))
        #expect(try it.test.event("reason") == "impossible")
        #expect(try it.test.event("error_message")?.contains(group) == true)
    }

    @Test func `on the last receive that the queue allows, a failing event is given up with its last error`()
        async throws
    {
        let it = try Pipeline(standing: [1], maxReceiveCount: 3)
        it.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)]
        }
        let own = ["trace": MessageAttributeValue.string("t1")]
        #expect(try await it.process(it.message(it.record.json, receives: 3, attributes: own)) == .delete)
        #expect(try it.test.event("outcome") == "dead-lettered")
        #expect(try it.test.event("reason") == "gave-up")
        #expect(try it.test.event("error_code") == "UnauthorizedOperation")
        let attributes = try #require(it.deadLetters.first?.attributes)
        #expect(attributes["SgRevertReason"]?.stringValue == "gave-up")
        #expect(attributes["SgRevertError"]?.stringValue?.contains("UnauthorizedOperation") == true)
        #expect(attributes["trace"]?.stringValue == "t1")
    }

    @Test func `before an event is given up the queue is asked whether it allows more receives by now`() async throws {
        let it = try Pipeline(standing: [1], maxReceiveCount: 2, allowedByNow: 6)
        it.aws.with {
            $0.refusals["RevokeSecurityGroupIngress"] = [
                .ec2Error("UnauthorizedOperation", status: 403), .ec2Error("UnauthorizedOperation", status: 403),
            ]
        }
        _ = try await it.process(it.message(it.record.json, receives: 2))
        #expect(try it.test.event("outcome") == "failed")
        #expect(it.deadLetters.isEmpty)
        #expect(try await it.process(it.message(it.record.json, receives: 6)) == .delete)
        #expect(try it.test.event("outcome") == "dead-lettered")
    }

    @Test func `without a maximum of receives nothing is given up`() async throws {
        let it = try Pipeline(standing: [1], maxReceiveCount: nil)
        it.aws.with { $0.refusals["RevokeSecurityGroupIngress"] = [.ec2Error("UnauthorizedOperation", status: 403)] }
        #expect(try await it.process(it.message(it.record.json, receives: 100)) == .postpone(.seconds(900)))
        #expect(try it.test.event("outcome") == "failed")
    }

    @Test(arguments: [true, false])
    func `without a dead-letter queue a bad message stays, and its event is failed`(hasEvent: Bool) async throws {
        let it = try Pipeline(hasDeadLetterQueue: false)
        var record = it.record
        record.members["awsRegion"] = "\"nowhere\""
        let body = hasEvent ? record.json : "no JSON"
        #expect(try await it.process(it.message(body)) == .postpone(.seconds(4)))
        #expect(try it.test.event("outcome") == (hasEvent ? "failed" : nil))
        #expect(it.aws.with { $0.calls }.isEmpty)
    }

    @Test func `a dead-letter queue that refuses leaves the message, and the next delivery runs at once and buries it`()
        async throws
    {
        let it = try Pipeline()
        it.aws.with { $0.refusals["SendMessage"] = [.sqsError("AccessDenied", status: 403)] }
        var record = it.record
        record.members["awsRegion"] = "\"nowhere\""
        #expect(try await it.process(it.message(record.json)) == .postpone(.seconds(4)))
        #expect(try it.test.event("outcome") == "failed")
        #expect(try it.test.event("error_message")?.contains("AccessDenied") == true)
        #expect(it.deadLetters.isEmpty)

        #expect(try await it.process(it.message(record.json, receives: 2)) == .delete)
        #expect(try it.test.event("outcome") == "dead-lettered")
        #expect(it.deadLetters.count == 1)
    }

    @Test func `a message without an event that the dead-letter queue refuses is not deleted`() async throws {
        let it = try Pipeline()
        it.aws.with { $0.refusals["SendMessage"] = [.sqsError("AccessDenied", status: 403)] }
        let message = it.message("no JSON")
        await #expect(throws: AWSServiceError.self) { try await it.process(message) }
    }
}
